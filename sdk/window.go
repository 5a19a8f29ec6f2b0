package sdk

import "time"

// Window is a stretch of what is known of one component and its neighbours.
//
// Each sample, log line and event is delivered exactly once as fresh; the
// look-back that a detector declares comes along again before it. A call that
// failed is repeated: its fresh part is fresh again in the next window.
type Window struct {
	// Component is the component that the window is about.
	Component string `json:"component"`
	// Reason says why the window was made.
	Reason WindowReason `json:"reason"`
	// Start and End bound the fresh part, Start exclusive, End inclusive. End is
	// the "now" of the window: a detector takes its time from here.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Status is the component's state at End.
	Status ComponentStatus `json:"status"`
	// Series are the signals, in columns, ordered by component and name.
	Series []Series `json:"series"`
	// Logs are the fresh log lines in the order in which they were read.
	Logs []LogLine `json:"logs,omitempty"`
	// Events are the fresh events in the order of time.
	Events []Event `json:"events,omitempty"`
	// Links are the component's connections, both directions.
	Links []Link `json:"links,omitempty"`
}

// WindowReason says what made the host build a window.
type WindowReason string

// The reasons for a window.
const (
	ReasonInterval WindowReason = "interval" // the detection interval passed
	ReasonEvent    WindowReason = "event"    // an exit, a probe verdict or an action pushed it
	ReasonHistory  WindowReason = "history"  // training or backtest
)

// Kind says how the values of a series are to be read.
type Kind string

// The kinds of a series. A gauge is a level. A counter only grows, apart from
// resets to a lower value.
const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter"
)

// Series is one signal of one component in columns: Times[i] belongs to
// Values[i].
type Series struct {
	// Component owns the signal; it differs from the window's component for
	// neighbours and for HostComponent.
	Component string `json:"component"`
	// Name is the signal's name, for example "cpu_percent".
	Name string `json:"name"`
	// Unit is the unit of the values, for example "percent", "bytes", "seconds".
	Unit string `json:"unit"`
	// Kind is Gauge or Counter.
	Kind Kind `json:"kind"`
	// Range is the interval that the values cannot leave, nil where unknown.
	Range *Range `json:"range,omitempty"`
	// Times are Unix times in milliseconds, not falling.
	Times []int64 `json:"times"`
	// Values are finite numbers; a gap is a missing sample, never NaN.
	Values []float64 `json:"values"`
	// Fresh is the index of the first sample that was not delivered before;
	// len(Times) when all of it is look-back.
	Fresh int `json:"fresh"`
}

// Range bounds a signal, both ends included.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// LogLine is one record of a component's log.
type LogLine struct {
	Time      time.Time `json:"time"`
	Component string    `json:"component"`
	// Source is the file's or the journal's name.
	Source string `json:"source"`
	// Text is the line without its end; at most 64 KiB, valid UTF-8.
	Text string `json:"text"`
	// Truncated reports that the line was longer than what Text holds.
	Truncated bool `json:"truncated,omitempty"`
}

// EventType names what happened.
type EventType string

// The events that reach detectors.
const (
	EventStarted       EventType = "started"         // a process was started by us
	EventAdopted       EventType = "adopted"         // a running process was taken into watch
	EventReady         EventType = "ready"           // first healthy answer after a start
	EventExited        EventType = "exited"          // the main process ended
	EventProbe         EventType = "probe"           // a probe's verdict changed
	EventStopping      EventType = "stopping"        // a stop was ordered
	EventStopped       EventType = "stopped"         // a stop was carried out and proved
	EventCouldNotStop  EventType = "could_not_stop"  // the stop ladder was exhausted
	EventAction        EventType = "action"          // one of the host's own actions
	EventChange        EventType = "change"          // a change was applied or undone
	EventSuppressed    EventType = "suppressed"      // a suppression window opened
	EventSuppressedEnd EventType = "suppressed_end"  // a suppression window closed
	EventClockStep     EventType = "clock_step"      // the wall clock jumped
	EventGap           EventType = "gap"             // samples or lines were lost
	EventLogRotated    EventType = "log_rotated"     // a log file was rotated or truncated
	EventPluginBlind   EventType = "plugin_blind"    // a detector gave no answer
	EventPluginSeeing  EventType = "plugin_seeing"   // it answers again
	EventMaintenance   EventType = "maintenance"     // a maintenance window began
	EventMaintainEnd   EventType = "maintenance_end" // it ended
)

// Event is something that happened at an instant.
type Event struct {
	Time      time.Time `json:"time"`
	Component string    `json:"component"`
	Type      EventType `json:"type"`
	// Generation counts the component's starts; events of an earlier start carry
	// a lower number.
	Generation uint64 `json:"generation"`
	PID        int    `json:"pid,omitempty"`
	// Exit is set on EventExited.
	Exit *Exit `json:"exit,omitempty"`
	// Probe is set on EventProbe.
	Probe *ProbeResult `json:"probe,omitempty"`
	// Text is a sentence for people.
	Text string `json:"text,omitempty"`
}

// Exit says how a process ended.
type Exit struct {
	// Code is the exit code, -1 when a signal ended the process or the code is
	// not known because somebody else is its parent.
	Code int `json:"code"`
	// Signal is the signal's name, for example "SIGSEGV", or empty.
	Signal string `json:"signal,omitempty"`
	// Expected reports that the exit was ordered by the host.
	Expected bool `json:"expected"`
}

// ProbeResult is one answer of a probe.
type ProbeResult struct {
	// Name identifies the probe within its component, for example "http/1".
	Name    string        `json:"name"`
	Verdict Verdict       `json:"verdict"`
	Latency time.Duration `json:"latency_ns"`
	Text    string        `json:"text,omitempty"`
	// Since is when the present verdict was first reached.
	Since time.Time `json:"since"`
}

// Link is a declared or observed connection between two components.
type Link struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Depends reports that From cannot work without To.
	Depends bool `json:"depends"`
	// Circuit is set in incidents, for a link that can be opened.
	Circuit *Circuit `json:"circuit,omitempty"`
}

// ComponentState is where a component stands in its life.
type ComponentState string

// The states of a component.
const (
	StateUnknown      ComponentState = "unknown"
	StateStopped      ComponentState = "stopped"
	StateStarting     ComponentState = "starting" // in its start grace
	StateUp           ComponentState = "up"
	StateFailing      ComponentState = "failing" // runs, but a probe fails
	StateDown         ComponentState = "down"    // is wanted, but does not run
	StateStopping     ComponentState = "stopping"
	StateCouldNotStop ComponentState = "could_not_stop"
)

// ComponentStatus is what the host knows of a component at one instant.
type ComponentStatus struct {
	Name  string         `json:"name"`
	Kind  string         `json:"kind"`
	State ComponentState `json:"state"`
	// Since is when State was entered.
	Since time.Time `json:"since"`
	PID   int       `json:"pid,omitempty"`
	// Generation counts starts.
	Generation uint64        `json:"generation"`
	Probes     []ProbeResult `json:"probes,omitempty"`
	LastExit   *Exit         `json:"last_exit,omitempty"`
	// Starts are the times of the host's own restart orders within the restart
	// window, oldest first.
	Starts []time.Time `json:"starts,omitempty"`
}
