import type { Event, State } from "./lifecycle.ts";

/** Why a session is in `state` after `event`, in plain words; where a person is needed, the words end with what to do. */
export function reasonOf(state: State, event: Event): string {
  switch (event.type) {
    case "found":
      return foundReason(state, event);
    case "accepted":
      return acceptedReason(state);
    case "probed":
      return "reading the gateway";
    case "refreshed":
      return "a new token is there, asking the gateway whether it accepts it";
    case "unauthorized":
      return unauthorizedReason(state, event.message);
    case "timer":
      return state.name === "refreshing" ? "getting a new token from Enlighten" : "trying again";
    case "wake":
      return "trying again at once: the configuration changed, or somebody asked";
    case "unreachable":
    case "token-refused":
    case "expired":
    case "changed":
    case "cloud-down":
    case "needs-person":
      return event.message;
  }
}

function foundReason(state: State, { gateway }: Extract<Event, { type: "found" }>): string {
  if (state.name !== "refused") return `found gateway ${gateway.serial} with firmware ${gateway.firmware.text}, logging in`;
  return (
    `another gateway answers at this address: ${gateway.serial} in place of ${state.memory.serial}; ` +
    `put the address of ${state.memory.serial} right, or set the serial to ${gateway.serial} (or restart, where none is set) to take the new one over`
  );
}

function acceptedReason(state: State): string {
  if (state.name === "probing") return "logged in, asking what this gateway has";
  if (state.name === "re-probing") return `the firmware changed from ${state.memory.probed}, asking anew what this gateway has`;
  return "reading the gateway";
}

function unauthorizedReason(state: State, message: string): string {
  if (state.name !== "refused") return `the gateway refused a request (${message}), looking at it anew`;
  return (
    `the gateway accepts the credential but refuses its data again and again (${message}); ` +
    "restart the gateway, or make a new token with the account that owns the system"
  );
}
