// Dark or light: as the system has it, until the visitor chooses. Runs before the page is drawn, so that it does not flash.
{
  const root = document.documentElement;
  const chosen = localStorage.getItem('theme');
  if (chosen) root.dataset.theme = chosen;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
  document.addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    const show = () => button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
    button.addEventListener('click', () => {
      root.dataset.theme = isDark() ? 'light' : 'dark';
      localStorage.setItem('theme', root.dataset.theme);
      show();
      document.dispatchEvent(new Event('themechange'));
    });
    show();
  });
}
