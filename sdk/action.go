package sdk

import (
	"fmt"
	"time"
)

// ActionKind names one of the closed set of things that the host can do.
type ActionKind string

// The closed set of actions.
const (
	KindStart          ActionKind = "start"
	KindStop           ActionKind = "stop"
	KindRestart        ActionKind = "restart"
	KindReload         ActionKind = "reload"
	KindSetParameters  ActionKind = "set_parameters"
	KindSubmitChange   ActionKind = "submit_change"
	KindRollbackChange ActionKind = "rollback_change"
	KindOpenLink       ActionKind = "open_link"
	KindCloseLink      ActionKind = "close_link"
	KindRunDeclared    ActionKind = "run_declared"
	KindWait           ActionKind = "wait"
	KindHandOver       ActionKind = "hand_over"
)

// Action is one typed act of the host. The set is closed: only the types of
// this package implement it.
type Action interface {
	// Kind returns the action's name.
	Kind() ActionKind
	// Target returns the component, link or change that the action is done to.
	Target() string
	// Validate reports the first rule that the action breaks by itself; whether
	// its target exists and may be touched is for the host to judge.
	Validate() error
	sealed()
}

// Start starts a component that is not running.
type Start struct {
	Component string `json:"component"`
}

// Stop stops a component. Grace is how long it may take before it is killed,
// zero for the component's own stop_timeout.
type Stop struct {
	Component string        `json:"component"`
	Grace     time.Duration `json:"grace_ns,omitempty"`
}

// Restart stops and starts a component. Grace as in Stop: a hung process earns
// a shorter one.
type Restart struct {
	Component string        `json:"component"`
	Grace     time.Duration `json:"grace_ns,omitempty"`
}

// Reload makes a component read its configuration again.
type Reload struct {
	Component string `json:"component"`
}

// SetParameters moves declared parameters of a component.
type SetParameters struct {
	Component string           `json:"component"`
	Values    map[string]Value `json:"values"`
}

// SubmitChange sends a candidate through the change pipeline.
type SubmitChange struct {
	Root   string       `json:"root"`
	Reason string       `json:"reason"`
	Files  []FileChange `json:"files"`
}

// FileChange is one file of a candidate.
type FileChange struct {
	Path    string `json:"path"`
	Content []byte `json:"content,omitempty"`
	Delete  bool   `json:"delete,omitempty"`
}

// RollbackChange undoes a recorded change.
type RollbackChange struct {
	Change string `json:"change"`
}

// OpenLink opens the circuit breaker of a link: callers fail fast.
type OpenLink struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// CloseLink closes it again.
type CloseLink struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// RunDeclared runs a command that the operator has declared by name.
type RunDeclared struct {
	Component string `json:"component"`
	Name      string `json:"name"`
}

// Wait does nothing for a while and then lets the host look again.
type Wait struct {
	Component string        `json:"component"`
	For       time.Duration `json:"for_ns"`
}

// HandOver gives the incident to a person.
type HandOver struct {
	Component string `json:"component"`
	Message   string `json:"message"`
}

// MaxWait bounds a Wait and the grace of a stop.
const MaxWait = time.Hour

// MaxCandidateFiles and MaxCandidateBytes bound a SubmitChange.
const (
	MaxCandidateFiles = 10_000
	MaxCandidateBytes = 8 << 20
)

// Kind returns KindStart.
func (Start) Kind() ActionKind { return KindStart }

// Kind returns KindStop.
func (Stop) Kind() ActionKind { return KindStop }

// Kind returns KindRestart.
func (Restart) Kind() ActionKind { return KindRestart }

// Kind returns KindReload.
func (Reload) Kind() ActionKind { return KindReload }

// Kind returns KindSetParameters.
func (SetParameters) Kind() ActionKind { return KindSetParameters }

// Kind returns KindSubmitChange.
func (SubmitChange) Kind() ActionKind { return KindSubmitChange }

// Kind returns KindRollbackChange.
func (RollbackChange) Kind() ActionKind { return KindRollbackChange }

// Kind returns KindOpenLink.
func (OpenLink) Kind() ActionKind { return KindOpenLink }

// Kind returns KindCloseLink.
func (CloseLink) Kind() ActionKind { return KindCloseLink }

// Kind returns KindRunDeclared.
func (RunDeclared) Kind() ActionKind { return KindRunDeclared }

// Kind returns KindWait.
func (Wait) Kind() ActionKind { return KindWait }

// Kind returns KindHandOver.
func (HandOver) Kind() ActionKind { return KindHandOver }

// Target returns the component.
func (a Start) Target() string { return a.Component }

// Target returns the component.
func (a Stop) Target() string { return a.Component }

// Target returns the component.
func (a Restart) Target() string { return a.Component }

// Target returns the component.
func (a Reload) Target() string { return a.Component }

// Target returns the component.
func (a SetParameters) Target() string { return a.Component }

// Target returns the root.
func (a SubmitChange) Target() string { return a.Root }

// Target returns the change's id.
func (a RollbackChange) Target() string { return a.Change }

// Target returns "from->to".
func (a OpenLink) Target() string { return a.From + "->" + a.To }

// Target returns "from->to".
func (a CloseLink) Target() string { return a.From + "->" + a.To }

// Target returns the component.
func (a RunDeclared) Target() string { return a.Component }

// Target returns the component.
func (a Wait) Target() string { return a.Component }

// Target returns the component.
func (a HandOver) Target() string { return a.Component }

func (Start) sealed()          {}
func (Stop) sealed()           {}
func (Restart) sealed()        {}
func (Reload) sealed()         {}
func (SetParameters) sealed()  {}
func (SubmitChange) sealed()   {}
func (RollbackChange) sealed() {}
func (OpenLink) sealed()       {}
func (CloseLink) sealed()      {}
func (RunDeclared) sealed()    {}
func (Wait) sealed()           {}
func (HandOver) sealed()       {}

// Validate wants a component.
func (a Start) Validate() error { return needName(KindStart, a.Component) }

// Validate wants a component and a grace of at most MaxWait.
func (a Stop) Validate() error { return needNameAndSpan(KindStop, a.Component, a.Grace) }

// Validate wants a component and a grace of at most MaxWait.
func (a Restart) Validate() error { return needNameAndSpan(KindRestart, a.Component, a.Grace) }

// Validate wants a component.
func (a Reload) Validate() error { return needName(KindReload, a.Component) }

// Validate wants a component and at least one value.
func (a SetParameters) Validate() error {
	if len(a.Values) == 0 {
		return fmt.Errorf("%s %q: no values", KindSetParameters, a.Component)
	}
	return needName(KindSetParameters, a.Component)
}

// Validate wants a root and a bounded number of files and bytes.
func (a SubmitChange) Validate() error {
	if len(a.Files) == 0 || len(a.Files) > MaxCandidateFiles {
		return fmt.Errorf("%s %q: %d files, want 1 to %d", KindSubmitChange, a.Root, len(a.Files), MaxCandidateFiles)
	}
	total := 0
	for _, f := range a.Files {
		if f.Path == "" || len(f.Path) > MaxText {
			return fmt.Errorf("%s %q: a path of %d bytes, want 1 to %d", KindSubmitChange, a.Root, len(f.Path), MaxText)
		}
		total += len(f.Content)
	}
	if total > MaxCandidateBytes {
		return fmt.Errorf("%s %q: %d bytes, at most %d are allowed", KindSubmitChange, a.Root, total, MaxCandidateBytes)
	}
	return needName(KindSubmitChange, a.Root)
}

// Validate wants a change.
func (a RollbackChange) Validate() error { return needName(KindRollbackChange, a.Change) }

// Validate wants both ends.
func (a OpenLink) Validate() error { return needEnds(KindOpenLink, a.From, a.To) }

// Validate wants both ends.
func (a CloseLink) Validate() error { return needEnds(KindCloseLink, a.From, a.To) }

// Validate wants a component and the command's name.
func (a RunDeclared) Validate() error {
	if err := needName(KindRunDeclared, a.Name); err != nil {
		return err
	}
	return needName(KindRunDeclared, a.Component)
}

// Validate wants a component and a span of more than zero and at most MaxWait.
func (a Wait) Validate() error {
	if a.For == 0 {
		return fmt.Errorf("%s %q: the time to wait is zero", KindWait, a.Component)
	}
	return needNameAndSpan(KindWait, a.Component, a.For)
}

// Validate wants a component and a bounded message.
func (a HandOver) Validate() error {
	if len(a.Message) > MaxText {
		return fmt.Errorf("%s %q: message of %d bytes, at most %d are allowed", KindHandOver, a.Component, len(a.Message), MaxText)
	}
	return needName(KindHandOver, a.Component)
}

func needName(kind ActionKind, name string) error {
	if name == "" || len(name) > MaxNameLength {
		return fmt.Errorf("%s: a name of %d bytes, want 1 to %d", kind, len(name), MaxNameLength)
	}
	return nil
}

func needNameAndSpan(kind ActionKind, name string, span time.Duration) error {
	if span < 0 || span > MaxWait {
		return fmt.Errorf("%s %q: %v is outside 0 to %v", kind, name, span, MaxWait)
	}
	return needName(kind, name)
}

func needEnds(kind ActionKind, from, to string) error {
	if err := needName(kind, from); err != nil {
		return err
	}
	return needName(kind, to)
}
