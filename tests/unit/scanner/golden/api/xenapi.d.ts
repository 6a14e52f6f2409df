/*
 * Generated from ui-protocol/xenapi by the scanner; do not edit.
 * The XenAPI as it comes by JSON-RPC.
 */
export type Ref<Class extends string> = string & { readonly class?: Class };

export type lamp_state = "Off" | "half-lit" | "On";
/** A lamp, the smallest class that has one of everything. */
export interface Lamp {
  uuid: string;
  name_label: string;
  state: lamp_state;
  int: Array<number>;
  labels: Record<string, string>;
  next: Ref<"Lamp">;
  previous: Array<Ref<"Lamp">>;
  shade: Ref<"Shade">;
  shades: Array<Ref<"Shade">>;
}
/** A shade of lamps, which nobody makes any more. */
export interface Shade {
  colours: Array<string>;
  lamps: Array<Ref<"Lamp">>;
}

export interface Messages {
  "Lamp.get_uuid": { params: [session: string, self: Ref<"Lamp">]; result: string };
  "Lamp.get_name_label": { params: [session: string, self: Ref<"Lamp">]; result: string };
  "Lamp.set_name_label": { params: [session: string, self: Ref<"Lamp">, value: string]; result: "" };
  "Lamp.get_state": { params: [session: string, self: Ref<"Lamp">]; result: lamp_state };
  "Lamp.get_int": { params: [session: string, self: Ref<"Lamp">]; result: Array<number> };
  "Lamp.get_labels": { params: [session: string, self: Ref<"Lamp">]; result: Record<string, string> };
  "Lamp.set_labels": { params: [session: string, self: Ref<"Lamp">, value: Record<string, string>]; result: "" };
  "Lamp.add_to_labels": { params: [session: string, self: Ref<"Lamp">, key: string, value: string]; result: "" };
  "Lamp.remove_from_labels": { params: [session: string, self: Ref<"Lamp">, key: string]; result: "" };
  "Lamp.get_next": { params: [session: string, self: Ref<"Lamp">]; result: Ref<"Lamp"> };
  "Lamp.get_previous": { params: [session: string, self: Ref<"Lamp">]; result: Array<Ref<"Lamp">> };
  "Lamp.get_shade": { params: [session: string, self: Ref<"Lamp">]; result: Ref<"Shade"> };
  "Lamp.get_shades": { params: [session: string, self: Ref<"Lamp">]; result: Array<Ref<"Shade">> };
  "Lamp.get_all": { params: [session: string]; result: Array<Ref<"Lamp">> };
  "Lamp.get_all_records": { params: [session: string]; result: Record<string, Lamp> };
  "Lamp.get_record": { params: [session: string, self: Ref<"Lamp">]; result: Lamp };
  "Lamp.get_by_uuid": { params: [session: string, uuid: string]; result: Ref<"Lamp"> };
  "Lamp.get_by_name_label": { params: [session: string, label: string]; result: Array<Ref<"Lamp">> };
  "Lamp.create": { params: [session: string, args: Partial<Lamp>]; result: Ref<"Lamp"> };
  "Async.Lamp.create": { params: [session: string, args: Partial<Lamp>]; result: Ref<"task"> };
  "Lamp.dim": { params: [session: string, self: Ref<"Lamp">, by: number]; result: "" };
  "Lamp.burn": { params: [session: string, self: Ref<"Lamp">]; result: "" };
  "Lamp.explode": { params: [session: string, self: Ref<"Lamp">]; result: "" };
  "Shade.get_lamps": { params: [session: string, self: Ref<"Shade">]; result: Array<Ref<"Lamp">> };
}

export type ErrorCode =
  | "LAMP_BROKEN"
  ;
