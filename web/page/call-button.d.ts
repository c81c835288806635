// Types of call-button.js. Importing it defines the element.
import type { Bridge, Call, CallState } from "./jinglebridge.js";

/** `<call-button page="frontdoor">Call us</call-button>`; its attributes are in docs/page.md. */
export declare class CallButton extends HTMLElement {
  /** The connection, from the first click on; null when there is none. */
  readonly bridge: Bridge | null;
  /** The call that runs, or rings. */
  readonly call: Call | null;
}

declare global {
  interface HTMLElementTagNameMap { "call-button": CallButton }
  interface HTMLElementEventMap { callstate: Event & { state: CallState; call: Call } }
}
