// Package wire carries a job from the sandbox to its worker process and the
// worker's events back.
//
// It owns the two formats: a sealed memory file with the job and all its bytes
// (module, stdin, staged files), and lines of JSON with what happened. It does not
// own what either side does. The worker may have been taken over by its guest, so
// reading events trusts nothing: every line, and all of them together, are bounded.
// Values are plain data; a Bundle and a Reader belong to one goroutine.
package wire

import (
	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/view"
)

// WorkerName is the argv[0] by which a re-executed binary knows that it is a worker.
const WorkerName = "homeostat-sandbox-worker"

// The file descriptors of a worker beside 0, 1 and 2. The guest's stdout is 1; 2
// carries what the worker's own runtime says when it dies.
const (
	JobFD    = 3
	EventFD  = 4
	StderrFD = 5
)

// The folders below CacheDir in which a compile leaves its code.
const (
	ModuleFolder = "module"
	HuskFolder   = "husk"
)

// Mode says what a worker is for.
type Mode string

// The modes of a worker.
const (
	Run     Mode = "run"     // run one program once
	Compile Mode = "compile" // compile a module into CacheDir, run nothing
	Serve   Mode = "serve"   // evaluate requests from stdin until it ends
	Exec    Mode = "exec"    // become the native program Argv, confined
)

// Job is all that a worker is told.
type Job struct {
	Mode     Mode            `json:"mode"`
	Module   Span            `json:"module"`         // of Run and Serve: its husk, for the code is in CacheDir
	Husk     Span            `json:"husk"`           // of Compile: what the code is to be filed under
	Args     []string        `json:"args,omitempty"` // argv, the program's name first
	Env      []string        `json:"env,omitempty"`
	Stdin    Span            `json:"stdin"`
	Seed     uint64          `json:"seed"`
	Clock    int64           `json:"clock"` // unix nanoseconds at the start
	Limits   Limits          `json:"limits"`
	View     view.View       `json:"view"`
	Staged   []Span          `json:"staged,omitempty"` // the bytes of View.Staged, in its order
	CacheDir string          `json:"cache_dir,omitempty"`
	Policy   confine.Policy  `json:"policy"`
	Require  []confine.Guard `json:"require,omitempty"`
	Dir      string          `json:"dir,omitempty"` // of Exec
}

// Limits bounds the guest inside the worker. Deadline and process memory are the
// parent's business.
type Limits struct {
	Memory int64 `json:"memory"` // linear memory and scratch files together, bytes
	Output int64 `json:"output"` // stdout and stderr, bytes each
	Disk   int64 `json:"disk"`   // scratch files, bytes
	Files  int   `json:"files"`
	Open   int   `json:"open"`
}

// Span is a range of the bundle's bytes.
type Span struct {
	Off int64 `json:"off"`
	Len int64 `json:"len"`
}

// Event is one line from the worker. Exactly one field is set.
type Event struct {
	Status  *confine.Status `json:"status,omitempty"`
	Read    string          `json:"read,omitempty"`
	Wrote   string          `json:"wrote,omitempty"`
	Refused *Refusal        `json:"refused,omitempty"`
	End     *End            `json:"end,omitempty"`
}

// Refusal is one thing that the guest asked for and did not get.
type Refusal struct {
	Op   string `json:"op"`
	Path string `json:"path,omitempty"`
	Why  string `json:"why"`
}

// Reason says how a worker's work ended.
type Reason string

// The reasons.
const (
	Exited   Reason = "exited"   // the guest ended itself, Exit holds its code
	Trapped  Reason = "trapped"  // the guest did what WASM forbids
	Flooded  Reason = "flooded"  // the guest wrote more than Limits.Output
	Invalid  Reason = "invalid"  // the module cannot be run at all
	Lacking  Reason = "lacking"  // a required guard is missing
	Compiled Reason = "compiled" // the job was to compile, and that worked
	Broken   Reason = "broken"   // the worker itself could not go on
)

// End is the last event.
type End struct {
	Reason  Reason `json:"reason"`
	Exit    int    `json:"exit,omitempty"`
	Message string `json:"message,omitempty"`
	// Memory is the most linear memory the guest had, in bytes.
	Memory int64 `json:"memory,omitempty"`
	// RSS is the most memory the whole worker had, in bytes; 0 if unknown.
	RSS int64 `json:"rss,omitempty"`
	// QuotaHit tells that a quota of files, bytes or descriptors refused something.
	QuotaHit bool `json:"quota_hit,omitempty"`
	// Dropped counts events beyond MaxEvents that were not sent.
	Dropped int `json:"dropped,omitempty"`
}

// MaxEvents is how many reads, writes and refusals one worker reports; each
// distinct one once.
const MaxEvents = 4096
