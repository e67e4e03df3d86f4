// What can be wrong with a package database or package file inside an image.
import { Fault } from '../../core/index.ts';

export type InventoryFaultCode = 'inventory-invalid' | 'limit-reached';

export class InventoryFault extends Fault<InventoryFaultCode> {}
