/** What the build makes of a module and all that it imports, as a string. */
declare module '*?text' {
  const text: string;
  export default text;
}
