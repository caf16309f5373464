/**
 * What `aulos` runs. Node 22 and later keep what they compile for the next run, of whatever is loaded from here on, and begin a sixth sooner
 * for it; NODE_DISABLE_COMPILE_CACHE forbids it.
 */
import module from 'node:module';

(module as { readonly enableCompileCache?: () => void }).enableCompileCache?.();
await import('./main.node.ts');
