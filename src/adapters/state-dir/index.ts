/** The state folder: what a workload keeps on disk to start while the config service is away. */
export { openStateFolder, type StateFolder } from './folder.js';
export { Generations, type GenerationsOptions, type Kept } from './generations.js';
export { loadIdentity, type SavedIdentity, saveIdentity } from './saved-identity.js';
export type { SealedFacts } from './seal.js';
