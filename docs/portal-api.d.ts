// Written by `cargo xtask openapi` from docs/openapi.json; `cargo xtask lint` fails where it is stale.

/** An error, whose code is one of these. */
export type Refused<Code extends string> = Problem & { code: Code };

/** An activation of many, as far as it is. */
export type Activation = {
  action: "activate" | "resend";
  created_at: string;
  done: number;
  ended_at: string | null;
  id: string;
  messages: Record<string, number>;
  outcomes: Record<string, number>;
  per_hour: number | null;
  start_at: string | null;
  state: "running" | "paused" | "done" | "cancelled";
  status: Array<"deactivated" | "conflict" | "not_activated" | "invitation_undelivered" | "invitation_expired" | "invited" | "locked" | "no_profile" | "active"> | null;
  total: number;
};

export type ActivationInput = {
  action: "activate" | "resend";
  clients?: Array<string>;
  contacts?: Array<string>;
  per_hour?: number | null;
  start_at?: string | null;
  status?: Array<"deactivated" | "conflict" | "not_activated" | "invitation_undelivered" | "invitation_expired" | "invited" | "locked" | "no_profile" | "active">;
};

export type AddressInput = {
  email: string;
};

/** A key without its secret. */
export type ApiKey = {
  created_at: string;
  id: string;
  name: string;
  revoked_at: string | null;
  scopes: Array<"read" | "write" | "sign_in" | "credentials">;
};

export type ApiKeyList = {
  items: Array<ApiKey>;
  next_cursor: string | null;
};

export type Attempt = {
  at: string;
  reason: string | null;
  reply: string;
  state: "queued" | "sending" | "accepted" | "deferred" | "failed" | "cancelled" | "bounced" | "complained";
};

export type ChoiceInput = {
  profile: string;
};

/** A client. */
export type Client = {
  name: string;
  ref: string;
  suspended: boolean;
};

export type ClientInput = {
  name: string;
};

export type ClientList = {
  items: Array<Client>;
  next_cursor: string | null;
};

export type CodeInput = {
  code: string;
  return?: string;
};

/** What a command answers. */
export type CommandAnswer = {
  effects: Effects;
  outcome: "changed" | "unchanged";
  portal?: PortalAnswer;
  preview: boolean;
};

/** A contact. */
export type Contact = {
  clients: Array<string>;
  emails: Array<Email>;
  locale: string | null;
  login_email: string | null;
  name: string;
  portal: PortalAnswer;
  ref: string;
  refused_update: RefusedUpdate | null;
};

export type ContactInput = {
  clients?: Array<string>;
  emails?: Array<string>;
  join?: boolean;
  locale?: string | null;
  name?: string;
  wrong_address?: boolean;
};

export type ContactList = {
  items: Array<Contact>;
  next_cursor: string | null;
};

export type CredentialInput = {
  hash: string;
};

export type CredentialsInput = {
  email: string;
  password: string;
};

/** One try to push an event. */
export type Delivery = {
  at: string;
  attempt: number;
  detail: string;
  event: PushedEvent;
  next_attempt_at: string | null;
  received: boolean;
  status: number | null;
  took_ms: number;
};

export type DeliveryList = {
  items: Array<Delivery>;
  next_cursor: string | null;
};

/** What was done with a report. */
export type DeliveryReportAnswer = {
  outcome: string;
};

/** Whom an answer is about, and what was found. */
export type Diagnosis = {
  contact: Named | null;
  findings: Array<Finding>;
  others: Array<Named>;
};

/** Everything that is held about a contact. */
export type DossierAnswer = {
  contact: Contact;
  created_at: string | null;
  events: Array<Event>;
  former_addresses: Array<string>;
  handoffs: Array<DossierHandoff>;
  job_rows: Array<DossierRow>;
  links: Array<DossierLink>;
  login: DossierLogin;
  messages: Array<DossierMessage>;
  moved_from: DossierMove | null;
  sessions: Array<DossierSession>;
  sessions_left_out: number;
  sign_in_codes: Array<DossierCode>;
  taken_at: string;
  tries: Array<DossierTry>;
};

/** A try to hand a message over. */
export type DossierAttempt = {
  at: string;
  reply: string;
  state: "queued" | "sending" | "accepted" | "deferred" | "failed" | "cancelled" | "bounced" | "complained";
};

/** The cells of a row, as they stood in the file. */
export type DossierCells = {
  activate: string;
  clients: Array<string>;
  emails: Array<string>;
  name: string;
  ref: string;
};

/** That the contact was sent to the host's program. */
export type DossierCode = {
  address: string;
  created_at: string;
  expires_at: string;
  id: string;
  return: string;
  session: string;
  used_at: string | null;
};

/** A hand-over of the contact. */
export type DossierHandoff = {
  created_at: string;
  ended_at: string | null;
  expires_at: string;
  id: string;
  route: string;
  state: "usable" | "used" | "dead" | "expired";
  used_at: string | null;
};

/** A link that was written to the contact. */
export type DossierLink = {
  address: string;
  created_at: string;
  ended_at: string | null;
  expires_at: string;
  id: string;
  last_opened_at: string | null;
  opened_at: string | null;
  purpose: "activation" | "reset" | "workspace";
  state: "usable" | "used" | "dead" | "expired";
  used_at: string | null;
};

/** The login that the contact is behind, or its own that nobody is behind. */
export type DossierLogin = {
  behind_since: string | null;
  password_set_at: string | null;
  shared: boolean;
};

/** A message about the contact. */
export type DossierMessage = {
  attempts: Array<DossierAttempt>;
  clients: Array<string>;
  id: string;
  kind: "activation" | "access_added" | "reset" | "login_moved_new" | "login_moved_old" | "password_changed" | "staff_invitation" | "portal_address" | "hint" | "reminder" | "test";
  name: string;
  queued_at: string;
  state: "queued" | "sending" | "accepted" | "deferred" | "failed" | "cancelled" | "bounced" | "complained";
  to: string;
};

/** Where the contact's first address was before its last move. */
export type DossierMove = {
  address: string;
  at: string;
};

/** A row of an import, or of an activation of many, that names the contact. */
export type DossierRow = {
  at: string;
  cells: DossierCells | null;
  job: string;
  line: number | null;
  outcome: string | null;
};

/** A session of the contact. */
export type DossierSession = {
  ended_at: string | null;
  expires_at: string;
  factors: Array<string>;
  id: string;
  last_seen_at: string;
  origin: string | null;
  signed_in_at: string;
  user_agent: string | null;
};

/** A try to sign in, or to be sent a link to set a password, with an address that is the contact's alone. */
export type DossierTry = {
  address: string;
  at: string;
  for_reset: boolean;
  known_browser: boolean;
  origin: string | null;
  right_password: boolean;
};

export type EffectMessage = {
  kind: "activation" | "access_added" | "reset" | "login_moved_new" | "login_moved_old" | "password_changed" | "staff_invitation" | "portal_address" | "hint" | "reminder" | "test";
  to: string;
};

/** What a command does. */
export type Effects = {
  links_ended: number;
  login_after: string | null;
  login_before: string | null;
  messages: Array<EffectMessage>;
  password: "kept" | "ended" | "none" | "shared";
  sessions_ended: number;
  shared_with: Array<Named>;
};

export type Email = {
  address: string;
  login: boolean;
  trimmed: string | null;
  warnings: Array<string>;
};

export type EmailsInput = {
  emails: Array<string>;
  join?: boolean;
  wrong_address?: boolean;
};

/** How many sessions ended. */
export type Ended = {
  sessions_ended: number;
};

/** How much was erased, by kind. */
export type Erased = {
  answers: number;
  contacts: number;
  events: number;
  links: number;
  messages: number;
  messages_cancelled: number;
  rows: number;
  sessions_ended: number;
};

/** What an erasure answers: the receipt, without anything personal. */
export type ErasureAnswer = {
  at: string;
  erased: Erased;
  ordered_by: string;
  outcome: "changed" | "unchanged";
  preview: boolean;
  receipt: string | null;
};

/** An event of the journal. */
export type Event = {
  at: string;
  caller: string;
  contact: string | null;
  facts: Record<string, string>;
  id: string;
  kind: string;
  number: number;
  origin: string | null;
  personal: Record<string, string> | null;
};

export type EventList = {
  items: Array<Event>;
  next_cursor: string | null;
};

export type Evidence = {
  at: string | null;
  fact: string;
};

export type Finding = {
  code: "unknown_address" | "near_miss_address" | "not_the_first_address" | "former_address" | "practice_user_email" | "login_email_taken" | "no_email" | "invalid_first_address" | "deactivated" | "not_activated" | "suspicious_domain" | "sender_not_authenticated" | "mail_bounced" | "mail_failed" | "address_suppressed" | "mail_deferred" | "mail_queued" | "link_expired" | "newer_link_sent" | "link_opened_not_used" | "mail_accepted_unused" | "password_not_set" | "locked_until" | "second_factor_lost" | "client_suspended" | "no_profile" | "wrong_password_recently" | "no_reset_requested" | "mail_limit_reached" | "session_never_used" | "host_update_refused" | "unexplained" | "all_clear" | "signed_in_recently" | "address_was_trimmed" | "shared_login";
  evidence: Array<Evidence>;
  explanation: string;
  remedy: Remedy | null;
  severity: "blocks" | "hinders" | "info";
  title: string;
};

/** Holds what must not be printed. */
export type Handoff = {
  expires_at: string;
  url: string;
};

export type HandoffInput = {
  client?: string;
  contact: string;
  route?: "home";
};

export type Health = {
  status: string;
};

/** An import, as far as it is. */
export type Import = {
  created: number;
  created_at: string;
  done: number;
  dry_run: boolean;
  effects: ImportEffects;
  ended_at: string | null;
  id: string;
  read_as: string;
  refused: number;
  state: "running" | "done" | "cancelled";
  total: number;
  unchanged: number;
  updated: number;
};

/** What an import does in all (I4). */
export type ImportEffects = {
  activations: Record<string, number>;
  joined: Array<ImportJoin>;
  joins: number;
  messages: Record<string, number>;
  moved: Array<ImportMove>;
  moves: number;
};

export type ImportJoin = {
  login_email: string | null;
  name: string;
  ref: string;
  shared_count: number;
  shared_with: Array<Named>;
};

export type ImportMove = {
  login_after: string | null;
  login_before: string | null;
  name: string;
  ref: string;
};

/** A row: what stands in a line of the command line's `--json`, with the line in the file. */
export type ImportRow = {
  activation: string | null;
  activation_refusal: string | null;
  code?: string;
  contact: null | "created" | "updated" | "unchanged" | "refused";
  emails: number;
  fault?: string;
  faults: Array<RowFault>;
  field?: string;
  line: number;
  login_email: string | null;
  mended: Array<MendedAddress>;
  name: string;
  ref: string;
  shared_count: number;
  shared_with: Array<Named>;
};

export type ImportRowList = {
  items: Array<ImportRow>;
  next_cursor: string | null;
};

export type InvitationAnswer = {
  expires_at: string;
  sent_at: string;
  state: "queued" | "sent" | "failed" | "expired" | "accepted";
};

export type KeyInput = {
  name: string;
  scopes: Array<"read" | "write" | "sign_in" | "credentials">;
};

/** The link that a message carries, and what became of it (D5). */
export type Link = {
  expires_at: string;
  last_opened_at: string | null;
  opened_at: string | null;
  state: "usable" | "used" | "dead" | "expired";
  used_at: string | null;
};

export type LinkAnswer = {
  practice: string;
  purpose: "activation" | "reset";
  sent_at: string;
  state: "usable" | "used" | "dead" | "expired";
};

export type MendedAddress = {
  fault: string;
  field: string;
  mend: string;
};

/** A message with its delivery so far. */
export type Message = {
  attempts: Array<Attempt>;
  id: string;
  kind: "activation" | "access_added" | "reset" | "login_moved_new" | "login_moved_old" | "password_changed" | "staff_invitation" | "portal_address" | "hint" | "reminder" | "test";
  link: Link | null;
  queued_at: string;
  state: "queued" | "sending" | "accepted" | "deferred" | "failed" | "cancelled" | "bounced" | "complained";
  to: string;
};

export type MessageList = {
  items: Array<Message>;
  next_cursor: string | null;
};

/** Where a job is after a command. */
export type MovedJob = {
  done: number;
  id: string;
  outcome: "changed" | "unchanged";
  state: "running" | "paused" | "done" | "cancelled";
};

/** Who or what, by the host's id and by name. */
export type Named = {
  name: string;
  ref: string;
};

/** A key that was just made, with its secret. */
export type NewApiKey = {
  created_at: string;
  id: string;
  key: string;
  name: string;
  revoked_at: string | null;
  scopes: Array<"read" | "write" | "sign_in" | "credentials">;
};

export type NewPasswordInput = {
  password: string;
};

export type PasswordsInput = {
  current_password: string;
  new_password: string;
};

/** The portal part of a contact. */
export type PortalAnswer = {
  access: "not_activated" | "granted" | "deactivated";
  activated_at: string | null;
  invitation: InvitationAnswer | null;
  last_sign_in_at: string | null;
  locked_until: string | null;
  password_set: boolean;
  refusal: string | null;
  shared_with: Array<Named>;
  status: "deactivated" | "conflict" | "not_activated" | "invitation_undelivered" | "invitation_expired" | "invited" | "locked" | "no_profile" | "active";
};

/** A practice from outside. */
export type Practice = {
  created_at: string;
  delete_after: string | null;
  name: string;
  slug: string;
  suspended_at: string | null;
};

export type PracticeInput = {
  name: string;
};

export type PracticeList = {
  items: Array<Practice>;
  next_cursor: string | null;
};

/** The body of `application/problem+json`. */
export type Problem = {
  code: string;
  contacts?: Array<Named>;
  detail: string;
  fault?: string;
  field?: string;
  status: number;
  title: string;
  type: string;
  user?: Named;
};

export type Profile = {
  client: Named;
  contact: Named;
  id: string;
};

export type PushedEvent = {
  id: string;
  kind: string;
  number: number;
};

/** A client. */
export type PutClient = {
  name: string;
  outcome: "changed" | "unchanged";
  ref: string;
  suspended: boolean;
};

/** A contact. */
export type PutContactAnswer = {
  clients: Array<string>;
  effects: Effects;
  emails: Array<Email>;
  locale: string | null;
  login_email: string | null;
  name: string;
  outcome: "changed" | "unchanged";
  portal: PortalAnswer;
  preview: boolean;
  ref: string;
  refused_update: RefusedUpdate | null;
};

/** A practice from outside. */
export type PutPractice = {
  created_at: string;
  delete_after: string | null;
  name: string;
  outcome: "changed" | "unchanged";
  slug: string;
  suspended_at: string | null;
};

export type PutSettings = {
  accent: string | null;
  activation_link_hours: number;
  contact_line: string;
  hint_mail: boolean;
  invitation_note: string;
  locale: string;
  logo: string | null;
  mail_reply_to: string | null;
  mails_per_hour: number | null;
  outcome: "changed" | "unchanged";
  password_min_length: number;
  places: Array<{
    address: string;
    name: string;
    sentence: string;
  }>;
  reminder_days: Array<number>;
  reset_link_minutes: number;
  return_addresses: Array<{
    address: string;
    name: string;
  }>;
  second_factor: "optional";
  session_absolute_hours: number;
  session_idle_minutes: number;
  sessions_on_move: "end" | "keep";
  shared_login: "join" | "refuse";
};

/** A practice user. */
export type PutUser = {
  email: string;
  name: string;
  outcome: "changed" | "unchanged";
  ref: string;
  role: "admin" | "staff";
};

/** An endpoint. */
export type PutWebhook = {
  created_at: string;
  cursor: number;
  description: string;
  disabled: WebhookDisabled | null;
  enabled: boolean;
  events: Array<string>;
  failing_since: string | null;
  former_secret_until: string | null;
  next_attempt_at: string | null;
  outcome: "changed" | "unchanged";
  ref: string;
  secret?: string;
  url: string;
};

export type Ready = {
  database: string;
  oldest_due_message: string | null;
  schema: string;
  status: string;
};

export type RecoverInput = {
  since: string;
};

/** An update that was refused: what the host has and the portal has not. */
export type RefusedUpdate = {
  at: string;
  code: string;
  emails: Array<string> | null;
};

export type Remedy = {
  address: string | null;
  client: string | null;
  command: "activate" | "reactivate" | "resend" | "lift_and_resend" | "move_to_top" | "use_next_address" | "change_address" | "resume_client" | "add_client" | "copy_report";
  label: string;
};

export type ReportInput = {
  event: "bounced" | "complained";
  message_id?: string | null;
  permanent?: boolean | null;
  reason?: "user_unknown" | "mailbox_full" | "rejected_content" | "blocked_sender" | "sender_not_authenticated" | "host_unknown" | "expired" | "temporary" | "other";
  recipient?: string | null;
  return_path?: string | null;
  words?: string | null;
};

export type RowFault = {
  code: string;
  detail: string;
  fault?: string;
  field: string;
  mend?: string;
};

/** A session, as its owner and staff see it. */
export type Session = {
  current?: boolean;
  expires_at: string;
  id: string;
  last_seen_at: string;
  origin: string | null;
  signed_in_at: string;
  user_agent: string | null;
};

/** Who is signed in. */
export type SessionAnswer = {
  expires_at: string;
  login_email: string | null;
  profile: string | null;
  profiles: Array<Profile>;
  signed_in_at: string;
};

export type SessionList = {
  items: Array<Session>;
  next_cursor: string | null;
};

export type Settings = {
  accent: string | null;
  activation_link_hours: number;
  contact_line: string;
  hint_mail: boolean;
  invitation_note: string;
  locale: string;
  logo: string | null;
  mail_reply_to: string | null;
  mails_per_hour: number | null;
  password_min_length: number;
  places: Array<{
    address: string;
    name: string;
    sentence: string;
  }>;
  reminder_days: Array<number>;
  reset_link_minutes: number;
  return_addresses: Array<{
    address: string;
    name: string;
  }>;
  second_factor: "optional";
  session_absolute_hours: number;
  session_idle_minutes: number;
  sessions_on_move: "end" | "keep";
  shared_login: "join" | "refuse";
};

export type SettingsInput = {
  accent?: string | null;
  activation_link_hours?: number;
  contact_line?: string;
  hint_mail?: boolean;
  invitation_note?: string;
  locale?: string;
  logo?: string | null;
  mail_reply_to?: string | null;
  mails_per_hour?: number | null;
  password_min_length?: number;
  places?: Array<{
    address: string;
    name: string;
    sentence?: string;
  }>;
  reminder_days?: Array<number>;
  reset_link_minutes?: number;
  return_addresses?: Array<{
    address: string;
    name: string;
  }>;
  second_factor?: "optional";
  session_absolute_hours?: number;
  session_idle_minutes?: number;
  sessions_on_move?: "end" | "keep";
  shared_login?: "join" | "refuse";
};

/** Who signed in. */
export type SignIn = {
  client: string;
  contact: string;
  factors: Array<"password" | "handoff">;
  session: string;
  signed_in_at: string;
};

/** What an invitation answers: never the link. */
export type StaffInvitation = {
  messages: Array<EffectMessage>;
  outcome: "changed" | "unchanged";
};

/** A job that is on its way, or what it would do. */
export type StartedJob = {
  id?: string;
  preview?: Record<string, number>;
};

export type ToldInput = {
  address: string;
};

/** A practice user. */
export type User = {
  email: string;
  name: string;
  ref: string;
  role: "admin" | "staff";
};

export type UserInput = {
  email: string;
  name: string;
  role: "admin" | "staff";
};

export type UserList = {
  items: Array<User>;
  next_cursor: string | null;
};

/** An endpoint. */
export type Webhook = {
  created_at: string;
  cursor: number;
  description: string;
  disabled: WebhookDisabled | null;
  enabled: boolean;
  events: Array<string>;
  failing_since: string | null;
  former_secret_until: string | null;
  next_attempt_at: string | null;
  ref: string;
  url: string;
};

/** Since when, and why, nothing is pushed to it. */
export type WebhookDisabled = {
  at: string;
  reason: "gone" | "failing";
};

export type WebhookInput = {
  description?: string;
  enabled?: boolean;
  events?: Array<string>;
  rotate_secret?: boolean;
  url?: string;
};

export type WebhookList = {
  items: Array<Webhook>;
  next_cursor: string | null;
};

/** What is pushed of an event in the format of Standard Webhooks. */
export type WebhookPayload = {
  data: Event;
  timestamp: string;
  type: string;
};

/** The event that tests an endpoint. */
export type WebhookTest = {
  event: string;
};

export type WorkspaceSession = {
  expires_at: string;
  signed_in_at: string;
  user: WorkspaceUser;
};

/** Who signed in. */
export type WorkspaceUser = {
  name: string;
  ref: string;
  role: "admin" | "staff";
};

/** What is sent to each operation, and what it answers by status. */
export interface Operations {
  /** This document as a page */
  get_api_docs: {
    method: "GET";
    at: "/api/docs";
    path: {};
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: string;
      421: Refused<"misdirected_request">;
    };
  };
  /** This document */
  get_api_openapi_json: {
    method: "GET";
    at: "/api/openapi.json";
    path: {};
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Record<string, unknown>;
      421: Refused<"misdirected_request">;
    };
  };
  /** Activates, or invites again, many contacts; or counts what would become of them */
  post_activations: {
    method: "POST";
    at: "/api/v1/activations";
    path: {};
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; };
    body: ActivationInput;
    answers: {
      200: StartedJob;
      202: StartedJob;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused" | "unknown_client">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** An activation of many, as far as it is */
  get_activations_by_id: {
    method: "GET";
    at: "/api/v1/activations/{id}";
    path: { id: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Activation;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends it where it is */
  post_activations_by_id_cancel: {
    method: "POST";
    at: "/api/v1/activations/{id}/cancel";
    path: { id: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: MovedJob;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Pauses it */
  post_activations_by_id_pause: {
    method: "POST";
    at: "/api/v1/activations/{id}/pause";
    path: { id: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: MovedJob;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Goes on with it */
  post_activations_by_id_resume: {
    method: "POST";
    at: "/api/v1/activations/{id}/resume";
    path: { id: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: MovedJob;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Clients, by reference */
  get_clients: {
    method: "GET";
    at: "/api/v1/clients";
    path: {};
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: ClientList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Removes a client and its profiles; contacts stay */
  delete_clients_by_ref: {
    method: "DELETE";
    at: "/api/v1/clients/{ref}";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** A client */
  get_clients_by_ref: {
    method: "GET";
    at: "/api/v1/clients/{ref}";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Client;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Makes or changes a client */
  put_clients_by_ref: {
    method: "PUT";
    at: "/api/v1/clients/{ref}";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: ClientInput;
    answers: {
      200: PutClient;
      201: PutClient;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Shows the client's profiles again */
  post_clients_by_ref_resume: {
    method: "POST";
    at: "/api/v1/clients/{ref}/resume";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: PutClient;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Hides the client's profiles from the portal */
  post_clients_by_ref_suspend: {
    method: "POST";
    at: "/api/v1/clients/{ref}/suspend";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: PutClient;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Contacts, by reference, filtered */
  get_contacts: {
    method: "GET";
    at: "/api/v1/contacts";
    path: {};
    query: { limit?: number; cursor?: string; q?: string; status?: string; client?: string; };
    header: {};
    body: undefined;
    answers: {
      200: ContactList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      422: Refused<"unknown_client">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The contacts that have this address, wherever in their list */
  post_contacts_search: {
    method: "POST";
    at: "/api/v1/contacts/search";
    path: {};
    query: { limit?: number; cursor?: string; };
    header: {};
    body: AddressInput;
    answers: {
      200: ContactList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"invalid_email">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends the contact's access without mail, and removes it */
  delete_contacts_by_ref: {
    method: "DELETE";
    at: "/api/v1/contacts/{ref}";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** A contact */
  get_contacts_by_ref: {
    method: "GET";
    at: "/api/v1/contacts/{ref}";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Contact;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Makes or changes a contact; what is left out stays */
  put_contacts_by_ref: {
    method: "PUT";
    at: "/api/v1/contacts/{ref}";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: ContactInput;
    answers: {
      200: PutContactAnswer;
      201: PutContactAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "login_email_required" | "login_email_taken" | "practice_user_email">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused" | "invalid_email" | "too_many_emails" | "unknown_client">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Takes over a password that another system has hashed */
  put_contacts_by_ref_credential: {
    method: "PUT";
    at: "/api/v1/contacts/{ref}/credential";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: CredentialInput;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "login_email_taken" | "not_activated" | "password_already_set" | "portal_deactivated">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused" | "invalid_hash">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Replaces the ordered list; a new first address moves a live login */
  put_contacts_by_ref_emails: {
    method: "PUT";
    at: "/api/v1/contacts/{ref}/emails";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: EmailsInput;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "login_email_required" | "login_email_taken" | "practice_user_email">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused" | "invalid_email" | "too_many_emails">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Erases the contact, and all that is known of it */
  post_contacts_by_ref_erase: {
    method: "POST";
    at: "/api/v1/contacts/{ref}/erase";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: ErasureAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Everything that is held about the contact, without secrets and without others */
  get_contacts_by_ref_export: {
    method: "GET";
    at: "/api/v1/contacts/{ref}/export";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: DossierAnswer;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The portal part of a contact */
  get_contacts_by_ref_portal: {
    method: "GET";
    at: "/api/v1/contacts/{ref}/portal";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: PortalAnswer;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Gives access, and sends one message */
  post_contacts_by_ref_portal_activate: {
    method: "POST";
    at: "/api/v1/contacts/{ref}/portal/activate";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "login_email_taken" | "no_email" | "practice_user_email">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Takes access away, without a word to anybody */
  post_contacts_by_ref_portal_deactivate: {
    method: "POST";
    at: "/api/v1/contacts/{ref}/portal/deactivate";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "not_activated">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Why the contact can't get in, in order of likelihood */
  get_contacts_by_ref_portal_diagnosis: {
    method: "GET";
    at: "/api/v1/contacts/{ref}/portal/diagnosis";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Diagnosis;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The contact's part of the journal */
  get_contacts_by_ref_portal_events: {
    method: "GET";
    at: "/api/v1/contacts/{ref}/portal/events";
    path: { ref: string; };
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: EventList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Lets mail go to the first address again after it came back, and sends a new activation mail */
  post_contacts_by_ref_portal_lift_suppression: {
    method: "POST";
    at: "/api/v1/contacts/{ref}/portal/lift-suppression";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "not_activated" | "portal_deactivated">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The contact's messages, oldest first, with their delivery */
  get_contacts_by_ref_portal_messages: {
    method: "GET";
    at: "/api/v1/contacts/{ref}/portal/messages";
    path: { ref: string; };
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: MessageList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Gives access back, and sends one message */
  post_contacts_by_ref_portal_reactivate: {
    method: "POST";
    at: "/api/v1/contacts/{ref}/portal/reactivate";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "login_email_taken" | "no_email" | "not_activated" | "practice_user_email">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Sends a new activation mail */
  post_contacts_by_ref_portal_resend: {
    method: "POST";
    at: "/api/v1/contacts/{ref}/portal/resend";
    path: { ref: string; };
    query: { preview?: boolean; };
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: CommandAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "not_activated" | "portal_deactivated">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends them all */
  delete_contacts_by_ref_portal_sessions: {
    method: "DELETE";
    at: "/api/v1/contacts/{ref}/portal/sessions";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; "If-Match"?: string; };
    body: undefined;
    answers: {
      200: Ended;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      412: Refused<"precondition_failed">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The sessions of the login that the contact is behind */
  get_contacts_by_ref_portal_sessions: {
    method: "GET";
    at: "/api/v1/contacts/{ref}/portal/sessions";
    path: { ref: string; };
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: SessionList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Why whoever tells this address can't get in with it */
  post_diagnosis: {
    method: "POST";
    at: "/api/v1/diagnosis";
    path: {};
    query: {};
    header: {};
    body: ToldInput;
    answers: {
      200: Diagnosis;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The sealed events of the practice, in order and without gaps */
  get_events: {
    method: "GET";
    at: "/api/v1/events";
    path: {};
    query: { after?: number; wait?: number; limit?: number; };
    header: {};
    body: undefined;
    answers: {
      200: EventList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** An address that signs a contact in, once */
  post_handoffs: {
    method: "POST";
    at: "/api/v1/handoffs";
    path: {};
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: HandoffInput;
    answers: {
      200: Handoff;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "not_activated" | "portal_deactivated">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Stores the rows of a file of contacts; a worker decides them */
  post_imports: {
    method: "POST";
    at: "/api/v1/imports";
    path: {};
    query: { map?: Array<string>; identify?: Array<string>; dry_run?: boolean; activate?: boolean; move_logins?: boolean; mend?: boolean; };
    header: { "Idempotency-Key"?: string; };
    body: string | Uint8Array;
    answers: {
      202: StartedJob;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** An import, as far as it is */
  get_imports_by_id: {
    method: "GET";
    at: "/api/v1/imports/{id}";
    path: { id: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Import;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends it where it is */
  post_imports_by_id_cancel: {
    method: "POST";
    at: "/api/v1/imports/{id}/cancel";
    path: { id: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: MovedJob;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The refused rows as they came, with the reasons */
  get_imports_by_id_refused_csv: {
    method: "GET";
    at: "/api/v1/imports/{id}/refused.csv";
    path: { id: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: string;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Its rows in their order */
  get_imports_by_id_rows: {
    method: "GET";
    at: "/api/v1/imports/{id}/rows";
    path: { id: string; };
    query: { limit?: number; cursor?: string; outcome?: "created" | "updated" | "unchanged" | "refused"; effect?: "join" | "move"; };
    header: {};
    body: undefined;
    answers: {
      200: ImportRowList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Says what came of a mail after it was handed over */
  post_operator_delivery_reports: {
    method: "POST";
    at: "/api/v1/operator/delivery-reports";
    path: {};
    query: {};
    header: {};
    body: ReportInput;
    answers: {
      200: DeliveryReportAnswer;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The practices */
  get_operator_practices: {
    method: "GET";
    at: "/api/v1/operator/practices";
    path: {};
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: PracticeList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** A practice, from outside */
  get_operator_practices_by_slug: {
    method: "GET";
    at: "/api/v1/operator/practices/{slug}";
    path: { slug: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Practice;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Creates or renames a practice */
  put_operator_practices_by_slug: {
    method: "PUT";
    at: "/api/v1/operator/practices/{slug}";
    path: { slug: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: PracticeInput;
    answers: {
      200: PutPractice;
      201: PutPractice;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The API keys of a practice, without their secrets */
  get_operator_practices_by_slug_api_keys: {
    method: "GET";
    at: "/api/v1/operator/practices/{slug}/api-keys";
    path: { slug: string; };
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: ApiKeyList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Makes an API key; the only answer that shows it */
  post_operator_practices_by_slug_api_keys: {
    method: "POST";
    at: "/api/v1/operator/practices/{slug}/api-keys";
    path: { slug: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: KeyInput;
    answers: {
      201: NewApiKey;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Revokes an API key */
  delete_operator_practices_by_slug_api_keys_by_id: {
    method: "DELETE";
    at: "/api/v1/operator/practices/{slug}/api-keys/{id}";
    path: { slug: string; id: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Opens them again; it is no longer to be deleted */
  post_operator_practices_by_slug_resume: {
    method: "POST";
    at: "/api/v1/operator/practices/{slug}/resume";
    path: { slug: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: PutPractice;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Closes portal and workspace of a practice, and holds back mail */
  post_operator_practices_by_slug_suspend: {
    method: "POST";
    at: "/api/v1/operator/practices/{slug}/suspend";
    path: { slug: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: PutPractice;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Practice users, by reference */
  get_practice_users: {
    method: "GET";
    at: "/api/v1/practice-users";
    path: {};
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: UserList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Removes a practice user, with its sessions */
  delete_practice_users_by_ref: {
    method: "DELETE";
    at: "/api/v1/practice-users/{ref}";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "last_admin">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** A practice user */
  get_practice_users_by_ref: {
    method: "GET";
    at: "/api/v1/practice-users/{ref}";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: User;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Makes or changes a practice user */
  put_practice_users_by_ref: {
    method: "PUT";
    at: "/api/v1/practice-users/{ref}";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: UserInput;
    answers: {
      200: PutUser;
      201: PutUser;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"email_is_a_portal_login" | "email_taken" | "idempotency_key_in_use" | "last_admin">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused" | "invalid_email">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Mails a practice user a link to set a password for the workspace; each time a new one */
  post_practice_users_by_ref_invite: {
    method: "POST";
    at: "/api/v1/practice-users/{ref}/invite";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: StaffInvitation;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends all portal sessions of the practice */
  delete_sessions: {
    method: "DELETE";
    at: "/api/v1/sessions";
    path: {};
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      200: Ended;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The settings */
  get_settings: {
    method: "GET";
    at: "/api/v1/settings";
    path: {};
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Settings;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Changes the settings that are given */
  put_settings: {
    method: "PUT";
    at: "/api/v1/settings";
    path: {};
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: SettingsInput;
    answers: {
      200: PutSettings;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Who signed in, by the code that a browser brought back */
  post_sign_ins: {
    method: "POST";
    at: "/api/v1/sign-ins";
    path: {};
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: CodeInput;
    answers: {
      200: SignIn;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The webhooks, by reference */
  get_webhooks: {
    method: "GET";
    at: "/api/v1/webhooks";
    path: {};
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: WebhookList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Removes a webhook with its log */
  delete_webhooks_by_ref: {
    method: "DELETE";
    at: "/api/v1/webhooks/{ref}";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** A webhook */
  get_webhooks_by_ref: {
    method: "GET";
    at: "/api/v1/webhooks/{ref}";
    path: { ref: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Webhook;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Makes or changes a webhook; a fresh secret stands in the answer */
  put_webhooks_by_ref: {
    method: "PUT";
    at: "/api/v1/webhooks/{ref}";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: WebhookInput;
    answers: {
      200: PutWebhook;
      201: PutWebhook;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused" | "too_many_webhooks">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** The tries of the last 14 days, the last one first */
  get_webhooks_by_ref_deliveries: {
    method: "GET";
    at: "/api/v1/webhooks/{ref}/deliveries";
    path: { ref: string; };
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: DeliveryList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Pushes all events since a time again */
  post_webhooks_by_ref_recover: {
    method: "POST";
    at: "/api/v1/webhooks/{ref}/recover";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: RecoverInput;
    answers: {
      202: Webhook;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Pushes an event `webhook.test` to it alone */
  post_webhooks_by_ref_test: {
    method: "POST";
    at: "/api/v1/webhooks/{ref}/test";
    path: { ref: string; };
    query: {};
    header: { "Idempotency-Key"?: string; };
    body: undefined;
    answers: {
      202: WebhookTest;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      409: Refused<"idempotency_key_in_use" | "webhook_disabled">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"idempotency_key_reused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Whether the process answers */
  get_healthz: {
    method: "GET";
    at: "/healthz";
    path: {};
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Health;
    };
  };
  /** What a link is good for; changes nothing */
  portal_get_links_by_token: {
    method: "GET";
    at: "/portal/{practice}/api/links/{token}";
    path: { practice: string; token: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: LinkAnswer;
      403: Refused<"practice_suspended">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Sets the password by a link */
  portal_post_links_by_token: {
    method: "POST";
    at: "/portal/{practice}/api/links/{token}";
    path: { practice: string; token: string; };
    query: {};
    header: {};
    body: NewPasswordInput;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      410: Refused<"link_dead" | "link_expired" | "link_used">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"password_refused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Asks for a new link to the stored address */
  portal_post_links_by_token_renew: {
    method: "POST";
    at: "/portal/{practice}/api/links/{token}/renew";
    path: { practice: string; token: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      202: undefined;
      400: Refused<"invalid_request">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      429: Refused<"too_many_requests">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Sets a new password; all other sessions and all links end */
  portal_put_password: {
    method: "PUT";
    at: "/portal/{practice}/api/password";
    path: { practice: string; };
    query: {};
    header: { "X-Portal": "1"; };
    body: PasswordsInput;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      422: Refused<"password_refused">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Asks for a link to set a new password */
  portal_post_password_resets: {
    method: "POST";
    at: "/portal/{practice}/api/password-resets";
    path: { practice: string; };
    query: {};
    header: {};
    body: AddressInput;
    answers: {
      202: undefined;
      400: Refused<"invalid_request">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      429: Refused<"too_many_requests">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Signs out */
  portal_delete_session: {
    method: "DELETE";
    at: "/portal/{practice}/api/session";
    path: { practice: string; };
    query: {};
    header: { "X-Portal": "1"; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Who is signed in, with which profiles */
  portal_get_session: {
    method: "GET";
    at: "/portal/{practice}/api/session";
    path: { practice: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: SessionAnswer;
      401: Refused<"unauthorized">;
      403: Refused<"practice_suspended">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Signs in; both cookies come with the answer */
  portal_post_session: {
    method: "POST";
    at: "/portal/{practice}/api/session";
    path: { practice: string; };
    query: {};
    header: { "X-Portal"?: string; };
    body: CredentialsInput;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"sign_in_failed">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      429: Refused<"too_many_requests">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Chooses a profile */
  portal_put_session_profile: {
    method: "PUT";
    at: "/portal/{practice}/api/session/profile";
    path: { practice: string; };
    query: {};
    header: { "X-Portal": "1"; };
    body: ChoiceInput;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends all sessions but this one */
  portal_delete_sessions: {
    method: "DELETE";
    at: "/portal/{practice}/api/sessions";
    path: { practice: string; };
    query: {};
    header: { "X-Portal": "1"; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** One's own sessions */
  portal_get_sessions: {
    method: "GET";
    at: "/portal/{practice}/api/sessions";
    path: { practice: string; };
    query: { limit?: number; cursor?: string; };
    header: {};
    body: undefined;
    answers: {
      200: SessionList;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"practice_suspended">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Ends a session */
  portal_delete_sessions_by_id: {
    method: "DELETE";
    at: "/portal/{practice}/api/sessions/{id}";
    path: { practice: string; id: string; };
    query: {};
    header: { "X-Portal": "1"; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Whether the database answers with the right schema, and since when the oldest message waits */
  get_readyz: {
    method: "GET";
    at: "/readyz";
    path: {};
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: Ready;
      503: Refused<"overloaded">;
    };
  };
  /** Signs out */
  workspace_delete_session: {
    method: "DELETE";
    at: "/workspace/{practice}/api/session";
    path: { practice: string; };
    query: {};
    header: { "X-Portal": "1"; };
    body: undefined;
    answers: {
      204: undefined;
      400: Refused<"invalid_request">;
      401: Refused<"unauthorized">;
      403: Refused<"forbidden" | "practice_suspended">;
      404: Refused<"not_found">;
      408: Refused<"request_timeout">;
      413: Refused<"body_too_large">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
  /** Who is signed in */
  workspace_get_session: {
    method: "GET";
    at: "/workspace/{practice}/api/session";
    path: { practice: string; };
    query: {};
    header: {};
    body: undefined;
    answers: {
      200: WorkspaceSession;
      401: Refused<"unauthorized">;
      403: Refused<"practice_suspended">;
      404: Refused<"not_found">;
      421: Refused<"misdirected_request">;
      500: Refused<"internal_error">;
      503: Refused<"overloaded">;
    };
  };
}
