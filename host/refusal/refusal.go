// Package refusal owns the one form in which a gate says no: which rule, its limit, the value it met, what the reader
// can do and when to ask again. The API, the CLI, the dashboard and the audit log show this same value.
//
// It decides nothing. Its values are immutable by convention and may be shared between goroutines.
package refusal

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// Refusal is one rule that was not met. It is an error, so that a gate can return it; callers find it with errors.As.
type Refusal struct {
	// Rule names the rule by its place, such as "breaker.open" or "rate.author". It is stable: scripts may compare it.
	Rule string
	// Limit is what the rule allows, with its unit.
	Limit string
	// Value is what was met, with its unit.
	Value string
	// Hint says what the reader can do about it.
	Hint string
	// RetryAfter is the least wait after which the rule may be met without anybody doing anything; 0 says that waiting
	// alone does not help.
	RetryAfter time.Duration
}

// Error tells the whole refusal in one line.
func (r Refusal) Error() string {
	line := fmt.Sprintf("refused by %s: limit %s, value %s; %s", r.Rule, r.Limit, r.Value, r.Hint)
	if r.RetryAfter > 0 {
		line += fmt.Sprintf("; retry after %s", r.RetryAfter.Round(time.Second))
	}
	return line
}

// RetryAfterSeconds is RetryAfter in whole seconds, rounded up, as the HTTP header of that name wants it.
func (r Refusal) RetryAfterSeconds() int64 {
	return int64(math.Ceil(r.RetryAfter.Seconds()))
}

// wire is the form of a Refusal in JSON.
type wire struct {
	Rule       string `json:"rule"`
	Limit      string `json:"limit"`
	Value      string `json:"value"`
	Hint       string `json:"hint"`
	RetryAfter int64  `json:"retry_after_seconds,omitempty"`
}

// MarshalJSON writes rule, limit, value, hint and retry_after_seconds, which is left out when waiting does not help.
func (r Refusal) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{r.Rule, r.Limit, r.Value, r.Hint, r.RetryAfterSeconds()})
}

// UnmarshalJSON reads what MarshalJSON wrote. A wait that is negative, or longer than a time.Duration holds, is an error.
func (r *Refusal) UnmarshalJSON(data []byte) error {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("read a refusal: %w", err)
	}
	if w.RetryAfter < 0 || w.RetryAfter > int64(math.MaxInt64/time.Second) {
		return fmt.Errorf("read a refusal: retry_after_seconds %d is out of range", w.RetryAfter)
	}
	*r = Refusal{w.Rule, w.Limit, w.Value, w.Hint, time.Duration(w.RetryAfter) * time.Second}
	return nil
}

// List is everything that refused one request. A person should learn of all of it at once.
type List []Refusal

// Error joins the refusals with semicolons.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, r := range l {
		lines[i] = r.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap gives the refusals to errors.Is and errors.As.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, r := range l {
		errs[i] = r
	}
	return errs
}

// Err is nil for an empty list and the list otherwise.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// RetryAfter is the longest of the waits, or 0 if one of the rules is not helped by waiting.
func (l List) RetryAfter() time.Duration {
	var longest time.Duration
	for _, r := range l {
		if r.RetryAfter <= 0 {
			return 0
		}
		longest = max(longest, r.RetryAfter)
	}
	return longest
}
