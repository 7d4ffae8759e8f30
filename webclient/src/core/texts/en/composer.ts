export const composer = {
  placeholder: (room: string) => `Message ${room}`,
  send: "Send",
  encrypted: "This room is encrypted. This client cannot write in it yet.",
  readOnly: "You may read this room, but not write in it.",
};
