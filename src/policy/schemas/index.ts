export { describeFields, type FieldDescription } from './describe.js';
export { type JsonSchema, kindJsonSchema, policyJsonSchema, SCHEMA_KINDS } from './json-schema.js';
