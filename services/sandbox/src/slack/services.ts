import type { Agenda } from "./agenda.ts";
import type { SocketHub } from "./deliver-socket.ts";
import type { Dispatch } from "./dispatch.ts";
import type { FileStore } from "./file-store.ts";
import type { Interactivity } from "./interactivity.ts";
import type { StreamExpiry } from "./stream-expiry.ts";
import type { Workspace } from "./workspace.ts";

/** The addresses the stand-in gives out; known once the server listens. */
export interface Addresses {
  /** For people's browsers: `http://127.0.0.1:3100`, no slash at the end. */
  publicUrl(): string;
  /** For the app's own calls. */
  servicesUrl(): string;
}

/** What Web API methods work on. */
export interface SlackServices {
  workspace: Workspace;
  /** Tells the app what happened, as Events API events. */
  dispatch: Dispatch;
  /** Things that happen by themselves after a while. */
  agenda: Agenda;
  streamExpiry: StreamExpiry;
  files: FileStore;
  interactivity: Interactivity;
  sockets: SocketHub;
  addresses: Addresses;
}
