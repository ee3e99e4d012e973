export { admittedBelow, type CompiledPriority, compilePriorities, decidePriority } from './decide.js';
