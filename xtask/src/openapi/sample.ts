// A front end and a host program, as far as the compiler is concerned: it fails where the types can't be used like this.
import type { CommandAnswer, Contact, ContactInput, Operations } from "./portal-api";

type Succeeds<A> = A extends { 200: infer T; 201: infer U } ? T | U : A extends { 200: infer T } ? T : undefined;

declare function call<Id extends keyof Operations>(
  id: Id,
  sent: Pick<Operations[Id], "path" | "query" | "header" | "body"> | { path: Record<string, string>; body: Operations[Id]["body"] },
): Promise<Succeeds<Operations[Id]["answers"]>>;

export async function invite(reference: string, address: string): Promise<string> {
  const input: ContactInput = { name: "Ada Smith", emails: [address], locale: null };
  const put = await call("put_contacts_by_ref", { path: { ref: reference }, body: input });
  const contact: Pick<Contact, "emails" | "portal" | "login_email"> = put;
  const login: string | null = contact.login_email;
  const command: CommandAnswer = await call("post_contacts_by_ref_portal_activate", { path: { ref: reference }, body: undefined });
  return `${login ?? "nobody"}: ${command.outcome}, ${command.effects.messages.map((message) => message.kind).join()}`;
}

export async function importFile(file: string): Promise<void> {
  await call("post_imports", { path: {}, query: { dry_run: true, map: ["ref:Number"] }, header: {}, body: file });
}

export function explain(refused: Operations["post_contacts_by_ref_portal_activate"]["answers"][409]): string {
  switch (refused.code) {
    case "login_email_taken":
      return (refused.contacts ?? []).map((contact) => contact.name).join();
    case "practice_user_email":
      return refused.user?.name ?? "staff";
    case "no_email":
    case "idempotency_key_in_use":
      return refused.detail;
    default: {
      const nothing: never = refused.code;
      return nothing;
    }
  }
}

// @ts-expect-error a contact has no such field
export const wrong = (contact: Contact) => contact.password;
