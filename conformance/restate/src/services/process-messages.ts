/** What the process of the services and whoever started it say to each other. */
export interface AskOfServices {
  readonly id: number;
  readonly tag: string;
}

export type ToldByServices =
  | { readonly kind: "serves"; readonly port: number }
  | { readonly kind: "counted"; readonly id: number; readonly count: number };
