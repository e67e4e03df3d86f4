// Mutants of net: no name, redirect or answer leads to a metadata service (N10).
import { type Mutant, mutantsOf } from './mutant.ts';

export const net: readonly Mutant[] = mutantsOf(
  'src/net/address.ts',
  ['src/net/client.test.ts'],
  [
    {
      name: 'link-local addresses are connected to',
      find: "refused.addSubnet('169.254.0.0', 16, 'ipv4');\n",
      replace: '',
      red: [
        'addresses > https://169.254.169.254/',
        'addresses > https://[::ffff:169.254.169.254]/',
        'addresses > https://2852039166/',
        'addresses > https://0xa9.254.169.254/',
        'addresses > are refused when a name resolves to them',
        'addresses > are refused as the end of a redirect',
      ],
    },
    {
      name: 'the platform address of Azure is connected to',
      find: "refused.addAddress('168.63.129.16', 'ipv4');\n",
      replace: '',
      red: ['addresses > https://168.63.129.16/'],
    },
    {
      name: 'a name that resolves to a refused address is connected to',
      find: 'const bad = addresses.find(({ address }) => isRefusedAddress(address));',
      replace: 'const bad = addresses.find(({ address }) => address === "");',
      red: ['addresses > are refused when a name resolves to them, even as one of several'],
    },
  ],
);
