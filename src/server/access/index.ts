// Who may do what: tokens and their roles.
export { type AccessTables, accessBook, type Role, roles } from './book.ts';
export { mayDo, type Right } from './may.ts';
export { registryAccess } from './registry.ts';
export { type Caller, createTokens, type NewToken, type TokenInfo, type Tokens } from './tokens.ts';
