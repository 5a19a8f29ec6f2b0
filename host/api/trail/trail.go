// Package trail is what the API asks of the audit log: which records, and where
// a page of them ends.
//
// It owns the words of the request and no logic. Values are plain data.
package trail

// Query chooses records of the audit log, the newest first. Zero fields choose
// all.
type Query struct {
	Kind   string `query:"kind" maxLength:"100" doc:"how the kind begins, for example component."`
	About  string `query:"about" maxLength:"256" doc:"who acted, or the whole text of a field, such as the name of a component or the id of a change"`
	Cursor uint64 `query:"cursor" doc:"next of the page before; 0 for the first page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}
