// Package fate names what can have become of an action whose outcome was not
// written down, because the daemon was killed meanwhile.
//
// It owns the words, and decides nothing: host/act finds the fate of an action
// out, host/heal goes on from there. Values are plain data.
package fate

// State is what is known.
type State string

// The states.
const (
	// Pending: it cannot be told yet, for example because the host is still
	// starting or a change is being undone. Ask again.
	Pending State = "pending"
	// Done: it was carried out.
	Done State = "done"
	// NotDone: nothing of it was done, or what was begun has been taken back.
	NotDone State = "not_done"
	// Failed: it was tried and did not work.
	Failed State = "failed"
	// Unknown: nobody can tell.
	Unknown State = "unknown"
)

// Fate is what has become of an action.
type Fate struct {
	State State
	// Text says so in a sentence.
	Text string
	// Receipt is what takes the action back, if it was done or may have been;
	// empty where nothing does.
	Receipt string
}
