/** The topics that messages of this room are about; the MQTT room's `Topics` fits. `path` is below `<base>/<serial>/`. */
export interface TopicNames {
  readonly bridgeState: string;
  readonly bridgeInfo: string;
  readonly bridgeHealth: string;
  availability(serial: string): string;
  lifecycle(serial: string): string;
  state(serial: string, path: string): string;
  event(serial: string): string;
  set(serial: string, control: string): string;
  deviceConfig(id: string): string;
}
