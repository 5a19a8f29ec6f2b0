// The pages, in the order of the menu, and the key after "g" that leads to each.
export const pages = [
  { name: "overview", title: "Overview", key: "o" },
  { name: "incidents", title: "Incidents", key: "i" },
  { name: "approvals", title: "Approvals", key: "a" },
] as const;
