package gate

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/refusal"
)

// Busy refuses a second change in a root while the change of that id is under way, which ends after wait at the latest.
func Busy(root, id string, wait time.Duration) refusal.Refusal {
	return refusal.Refusal{
		Rule: "root.busy", Limit: "one change at a time in a root", Value: fmt.Sprintf("%s is under way in %s", id, root),
		Hint: "wait, or end it with `homeostat change confirm " + id + "` or `homeostat change rollback " + id + "`", RetryAfter: wait,
	}
}
