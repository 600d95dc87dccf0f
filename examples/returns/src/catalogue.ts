/** What the shop sells. The demo fills the inventory database with it. */
export interface Item {
  readonly sku: string;
  readonly title: string;
  /** Where a returned piece goes; the label is printed for this address. */
  readonly warehouse: "north" | "south" | "harbour";
  readonly returnable: boolean;
}

export const catalogue = [
  { sku: "LAMP-01", title: "Reading lamp", warehouse: "north", returnable: true },
  { sku: "LAMP-02", title: "Standing lamp", warehouse: "north", returnable: true },
  { sku: "BOOT-38", title: "Rain boots, 38", warehouse: "south", returnable: true },
  { sku: "BOOT-44", title: "Rain boots, 44", warehouse: "south", returnable: true },
  { sku: "COAT-M", title: "Wool coat, M", warehouse: "south", returnable: true },
  { sku: "CHAIR-3", title: "Oak chair", warehouse: "harbour", returnable: true },
  { sku: "DESK-1", title: "Writing desk", warehouse: "harbour", returnable: true },
  { sku: "PHONE-X", title: "Telephone", warehouse: "north", returnable: true },
  { sku: "GIFT-50", title: "Gift card", warehouse: "north", returnable: false },
  { sku: "SOAP-6", title: "Soap, opened", warehouse: "south", returnable: false },
] as const satisfies readonly Item[];
