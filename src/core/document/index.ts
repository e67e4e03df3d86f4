// Documents people write by hand. Apart from core's own index, because its libraries load on use only.
export { DocumentFault, type DocumentFaultCode, parseDocumentAs } from './document.ts';
