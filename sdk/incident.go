package sdk

import "time"

// Incident is a set of anomalies that belong together, as a strategy sees it.
type Incident struct {
	ID string `json:"id"`
	// Component is the likely cause: the one that a remedy should act on.
	Component string `json:"component"`
	// Components are all that are hit, the cause first.
	Components []string `json:"components"`
	// Signature identifies incidents of the same shape, for example
	// "web:exit" or "web:probe/http/1".
	Signature string   `json:"signature"`
	Severity  Severity `json:"severity"`
	// Opened is when the present trouble began: where the incident was resolved and
	// has come back, when it came back.
	Opened time.Time `json:"opened"`
	// Now is the instant of the question: a strategy takes its time from here.
	Now       time.Time `json:"now"`
	Anomalies []Anomaly `json:"anomalies"`
	// Status are the states of Components, in the same order.
	Status []ComponentStatus `json:"status"`
	Links  []Link            `json:"links,omitempty"`
	// Attempts are the recoveries tried in this incident, oldest first.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Changes are what changed lately in what the component and those that it
	// depends on own, and on the host, newest first. Only those of ChangeRecorded
	// can be rolled back.
	Changes []ChangeRef `json:"changes,omitempty"`
	// Logs is the tail of the component's log, oldest first.
	Logs []LogLine `json:"logs,omitempty"`
	// Suspects are the components that the evidence speaks against, the
	// likeliest cause first.
	Suspects []Suspect `json:"suspects,omitempty"`
	// Readings are the newest values of the component's signals, by name.
	Readings []Reading `json:"readings,omitempty"`
	// Restarts is the component's storm limit.
	Restarts RestartLimit `json:"restarts"`
	// Parameters are those that may be moved, with their present values.
	Parameters []Parameter `json:"parameters,omitempty"`
	// Forbidden are the combinations of their values that are never applied.
	Forbidden []Forbidden `json:"forbidden,omitempty"`
	// Declared are the names of the commands that the operator has declared.
	Declared []string `json:"declared,omitempty"`
}

// RestartLimit is how many restart orders a component may get in a window.
type RestartLimit struct {
	Max    int           `json:"max"`
	Window time.Duration `json:"window_ns"`
}

// Attempt is one recovery that was tried.
type Attempt struct {
	Strategy string       `json:"strategy"`
	Actions  []ActionKind `json:"actions"`
	// Targets are what the actions were done to, in their order.
	Targets []string  `json:"targets,omitempty"`
	At      time.Time `json:"at"`
	// Result is how it ended; ResultRunning while it is under way.
	Result Result `json:"result"`
	Text   string `json:"text,omitempty"`
}

// Result is how a recovery ended.
type Result string

// The results of a recovery.
const (
	ResultRunning  Result = "running"  // being carried out or held
	ResultHealed   Result = "healed"   // healthy through the hold time
	ResultFailed   Result = "failed"   // the condition stayed or came back
	ResultRejected Result = "rejected" // a person said no
	ResultExpired  Result = "expired"  // nobody answered in time
	ResultAborted  Result = "aborted"  // ended by the host, for example at a restart
	ResultRecorded Result = "recorded" // learning mode: not carried out
)

// ChangeKind says how the host knows of a change.
type ChangeKind string

// The kinds of changes.
const (
	ChangeRecorded ChangeKind = "change"  // went through the pipeline and can be rolled back
	ChangeFile     ChangeKind = "file"    // a file was edited past the pipeline
	ChangePackage  ChangeKind = "package" // the package manager installed, upgraded or removed something
)

// ChangeRef is something that changed lately.
type ChangeRef struct {
	// ID is that of a recorded change, empty for the other kinds.
	ID   string     `json:"id,omitempty"`
	Kind ChangeKind `json:"kind"`
	// Component owns what was changed: HostComponent for packages.
	Component string `json:"component"`
	Root      string `json:"root,omitempty"`
	Author    string `json:"author,omitempty"`
	// Applied is when it took effect, as far as is known.
	Applied time.Time `json:"applied"`
	// Paths lie below the root; without a root they are absolute.
	Paths []string `json:"paths,omitempty"`
	// Text says in a few words what it was.
	Text string `json:"text,omitempty"`
}

// Suspect is a component that the evidence speaks against.
type Suspect struct {
	Component string `json:"component"`
	// Score is from 0 (nothing speaks against it) to 1.
	Score float64 `json:"score"`
	// Text says why.
	Text string `json:"text"`
}

// Reading is the newest value of one signal.
type Reading struct {
	Component string    `json:"component"`
	Signal    string    `json:"signal"`
	Value     float64   `json:"value"`
	Unit      string    `json:"unit,omitempty"`
	At        time.Time `json:"at"`
}

// Outcome tells a strategy how its recovery ended.
type Outcome struct {
	Incident  string        `json:"incident"`
	Component string        `json:"component"`
	Signature string        `json:"signature"`
	Proposal  string        `json:"proposal"`
	Result    Result        `json:"result"`
	Downtime  time.Duration `json:"downtime_ns"`
	At        time.Time     `json:"at"`
}

// ParameterType is the type of a declared parameter.
type ParameterType string

// The types of a parameter. TypeLogInt is an int whose scale is logarithmic.
const (
	TypeInt    ParameterType = "int"
	TypeLogInt ParameterType = "log_int"
	TypeFloat  ParameterType = "float"
	TypeBool   ParameterType = "bool"
	TypeChoice ParameterType = "choice"
)

// Parameter is something that the operator allows to be moved, and within what.
// Numbers are used by int, log_int, float and bool (0 or 1); Choice by choice.
// MaxStep is the largest move at once, a factor for log_int; zero means no limit
// but the bounds.
type Parameter struct {
	Component string        `json:"component"`
	Name      string        `json:"name"`
	Type      ParameterType `json:"type"`
	Min       float64       `json:"min"`
	Max       float64       `json:"max"`
	MaxStep   float64       `json:"max_step"`
	Choices   []string      `json:"choices,omitempty"`
	Default   Value         `json:"default"`
	Value     Value         `json:"value"`
}

// Value is the value of a parameter.
type Value struct {
	Number float64 `json:"number,omitempty"`
	Choice string  `json:"choice,omitempty"`
}

// Genome is one candidate setting. The host decodes and checks it; Genes are
// positions from 0 to 1 in the order of the declared parameters.
type Genome struct {
	ID    uint64    `json:"id"`
	Genes []float64 `json:"genes"`
}

// Score is what an evaluation of a genome gave; lower is better.
type Score struct {
	Genome uint64  `json:"genome"`
	Value  float64 `json:"value"`
	// Failed reports that the evaluation itself did not work.
	Failed bool `json:"failed,omitempty"`
}

// Problem describes the search that an Evolver is asked for.
type Problem struct {
	Component  string      `json:"component"`
	Signature  string      `json:"signature"`
	Parameters []Parameter `json:"parameters"`
	// Forbidden are the combinations that the host would not apply.
	Forbidden []Forbidden `json:"forbidden,omitempty"`
	// Budget is the number of evaluations that the host will pay for in a round.
	Budget int `json:"budget"`
	// Round counts the searches of this problem, from 1. Within a round all
	// candidates meet the same random numbers, so that their scores can be
	// compared; another round has others.
	Round int `json:"round"`
	// Recorded reports that the candidates of the round meet load that was recorded,
	// in the place of load that the model makes up: their costs are another measure.
	Recorded bool `json:"recorded,omitempty"`
}
