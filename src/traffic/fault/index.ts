export { decideFault, type FaultVerdict } from './decide.js';
export { type FaultOptions, faultFilter } from './filter.js';
