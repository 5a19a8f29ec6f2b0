package api

import (
	"time"

	"github.com/homeostat/homeostat/host/change/record"
)

// Refusal is one rule that was not met, as host/refusal writes it.
type Refusal struct {
	Rule       string `json:"rule"`
	Limit      string `json:"limit"`
	Value      string `json:"value"`
	Hint       string `json:"hint"`
	RetryAfter int64  `json:"retry_after_seconds,omitempty"`
}

// Change is a change and its life; see package record for the words.
type Change struct {
	record.Record
	Refusals []Refusal `json:"refusals,omitempty"`
}

// ChangeEdit is what shall become of one path.
type ChangeEdit struct {
	Kind          string  `json:"kind,omitempty" enum:"write,delete,symlink,mode,folder" doc:"write where it is left out"`
	Path          string  `json:"path" maxLength:"4096" doc:"relative to the root"`
	Content       *string `json:"content,omitempty" doc:"of a file, as text"`
	ContentBase64 string  `json:"content_base64,omitempty" doc:"of a file that is no text"`
	Target        string  `json:"target,omitempty" maxLength:"4096" doc:"of a symlink"`
	Mode          string  `json:"mode,omitempty" maxLength:"5" doc:"permission bits in octal, such as 0640"`
	Base          string  `json:"base,omitempty" maxLength:"64" doc:"what the author saw: absent, or the SHA-256 of the content"`
}

// ChangeCheck is a WASM program that a change brings to be judged by. It is run beside the root's checks, and not written
// into the root.
type ChangeCheck struct {
	Name   string   `json:"name" minLength:"1" maxLength:"4096"`
	SHA256 string   `json:"sha256" minLength:"64" maxLength:"64" doc:"of the module"`
	Args   []string `json:"args,omitempty" maxItems:"100" nullable:"false" doc:"before the changed paths"`
	Module []byte   `json:"module_base64" doc:"for WASI preview 1"`
}

// ChangeBody is a candidate as it comes over HTTP.
type ChangeBody struct {
	Root   string        `json:"root,omitempty" maxLength:"63" doc:"may be left out where there is only one"`
	Author string        `json:"author,omitempty" maxLength:"4096"`
	Reason string        `json:"reason,omitempty" maxLength:"4096"`
	Edits  []ChangeEdit  `json:"edits,omitempty" maxItems:"20000" nullable:"false"`
	Diffs  []string      `json:"diffs,omitempty" maxItems:"1000" nullable:"false" doc:"unified diffs, as for patch -p1"`
	Checks []ChangeCheck `json:"checks,omitempty" maxItems:"8" nullable:"false" doc:"programs that must pass too"`
}

// Generate asks for a proposed change of one file.
type Generate struct {
	Specification string        `json:"specification" maxLength:"100000"`
	FilePath      string        `json:"file_path" minLength:"1" maxLength:"4096"`
	Root          string        `json:"root,omitempty" maxLength:"63"`
	Content       *string       `json:"content,omitempty" doc:"the new content; without it the configured generator writes it"`
	Checks        []ChangeCheck `json:"checks,omitempty" maxItems:"8" nullable:"false" doc:"programs that must pass beside the root's own"`
}

// CheckResult is what one stage says of a candidate.
type CheckResult struct {
	Name    string         `json:"name"`
	Verdict record.Verdict `json:"verdict"`
	Text    string         `json:"text"`
	Details []string       `json:"details,omitempty"`
}

// Generated is a proposed change.
type Generated struct {
	Success        bool          `json:"success"`
	ModificationID string        `json:"modification_id"`
	CanApply       bool          `json:"can_apply"`
	Risk           record.Risk   `json:"risk"`
	Checks         []CheckResult `json:"checks"`
	Refusals       []Refusal     `json:"refusals,omitempty"`
	Diff           string        `json:"diff,omitempty"`
}

// Applied is what became of a modification so far.
type Applied struct {
	Success        bool         `json:"success"`
	ModificationID string       `json:"modification_id"`
	State          record.State `json:"state"`
	AutoRolledBack bool         `json:"auto_rolled_back"`
	RollbackReason string       `json:"rollback_reason,omitempty"`
	Why            string       `json:"why,omitempty"`
	Refusals       []Refusal    `json:"refusals,omitempty"`
}

// BreakerMetrics are the figures of the circuit breaker; SuccessRate is a fraction.
type BreakerMetrics struct {
	TotalAttempts       uint64  `json:"total_attempts"`
	TotalSuccesses      uint64  `json:"total_successes"`
	SuccessRate         float64 `json:"success_rate"`
	ConsecutiveFailures int     `json:"consecutive_failures"`
}

// CircuitBreaker is the state of the breaker of all changes.
type CircuitBreaker struct {
	State   string         `json:"state" enum:"closed,open,half_open"`
	Metrics BreakerMetrics `json:"metrics"`
}

// HealthCheck is one limit of the host. The percentage of memory has the name that it is known by.
type HealthCheck struct {
	Value            *float64 `json:"value,omitempty"`
	AvailablePercent *float64 `json:"available_percent,omitempty"`
	Unit             string   `json:"unit,omitempty"`
	Limit            float64  `json:"limit"`
	Healthy          bool     `json:"healthy"`
	Verdict          string   `json:"verdict" enum:"pass,fail,inconclusive"`
	Reason           string   `json:"reason,omitempty"`
}

// HostHealth is the judgement on the host.
type HostHealth struct {
	Status string                 `json:"status" enum:"healthy,degraded,unhealthy,critical"`
	Score  float64                `json:"score" doc:"0 to 100"`
	Trend  string                 `json:"trend" enum:"improving,stable,degrading"`
	Checks map[string]HealthCheck `json:"checks"`
}

// RateLimit is the number of changes in the present window.
type RateLimit struct {
	MaxPerWindow int `json:"max_per_window"`
	CurrentCount int `json:"current_count"`
}

// GatesOff says that refusals are only warnings, until when and by whom.
type GatesOff struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until"`
}

// SafetyStatus is everything that stands before a change.
type SafetyStatus struct {
	Success        bool           `json:"success"`
	Enabled        bool           `json:"enabled"`
	Off            *GatesOff      `json:"off,omitempty"`
	CircuitBreaker CircuitBreaker `json:"circuit_breaker"`
	Health         HostHealth     `json:"health"`
	RateLimit      RateLimit      `json:"rate_limit"`
	BackupCount    int            `json:"backup_count"`
	// Open are the changes that are under way, by root.
	Open map[string]string `json:"open"`
	// Rejected is the number of changes that are remembered and not tried again.
	Rejected int `json:"rejected_changes"`
}

// BreakerAnswer is the breaker as an answer of its own.
type BreakerAnswer struct {
	Success        bool           `json:"success"`
	CircuitBreaker CircuitBreaker `json:"circuit_breaker"`
}

// HealthAnswer is the health as an answer of its own.
type HealthAnswer struct {
	Success bool       `json:"success"`
	Health  HostHealth `json:"health"`
}

// SwitchAnswer says whether the gates refuse.
type SwitchAnswer struct {
	Success bool      `json:"success"`
	Enabled bool      `json:"enabled"`
	Off     *GatesOff `json:"off,omitempty"`
}

// Backup is a stored state.
type Backup struct {
	BackupID      string    `json:"backup_id"`
	Root          string    `json:"root"`
	FilesCount    int       `json:"files_count"`
	BackupSize    int64     `json:"backup_size"`
	CreatedAt     time.Time `json:"created_at"`
	ExpiresAt     time.Time `json:"expires_at"`
	Whole         bool      `json:"whole"`
	LastKnownGood bool      `json:"last_known_good,omitempty"`
	Pins          []string  `json:"pins,omitempty"`
	Skipped       []string  `json:"skipped,omitempty"`
}

// Backups is the list of backups, newest first.
type Backups struct {
	Success bool     `json:"success"`
	Backups []Backup `json:"backups"`
	Count   int      `json:"count"`
}

// BackupCreated is a backup that was made by hand.
type BackupCreated struct {
	Success bool   `json:"success"`
	Backup  Backup `json:"backup"`
}

// BackupVerified says whether a backup can be restored to the last byte.
type BackupVerified struct {
	Success  bool     `json:"success"`
	BackupID string   `json:"backup_id"`
	Damage   []string `json:"damage,omitempty"`
}

// RestoreBody says what is to be restored.
type RestoreBody struct {
	Paths     []string `json:"paths,omitempty" maxItems:"10000" nullable:"false" doc:"only these and what is below them"`
	Reason    string   `json:"reason,omitempty" maxLength:"4096"`
	Overwrite bool     `json:"overwrite,omitempty" doc:"also files that somebody edited after the change"`
	Wait      string   `json:"wait,omitempty" doc:"how long to wait for the end, such as 10s"`
}

// RestoreAnswer is a restore as the change that it became.
type RestoreAnswer struct {
	Applied
	// Unchanged says that the files are as the backup has them.
	Unchanged bool `json:"unchanged,omitempty"`
	// Failed names files that the backup could not give, and why.
	Failed []string `json:"failed,omitempty"`
}
