// Writes src/api/schema.gen.ts from openapi.json, which `hashyard openapi` prints.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('../openapi.json', import.meta.url);
const target = new URL('../src/api/schema.gen.ts', import.meta.url);
const doc = JSON.parse(readFileSync(source, 'utf8'));
const ast = await openapiTS(doc, { defaultNonNullable: false });
writeFileSync(target, `// Generated from openapi.json by "npm run gen". Do not edit.\n\n${astToString(ast)}`);
console.log(`${Object.keys(doc.components?.schemas ?? {}).length} schemas`);
