package replay

import "fmt"

// Verdict says the report in one sentence.
func (r Report) Verdict(a, b string) string {
	played := fmt.Sprintf("a replay of a model, not evidence: %d recorded incidents played %d times", r.Incidents, r.Rounds)
	d := r.Downtime
	first, sooner, low, high := b, -d.Difference, -d.High, -d.Low
	if d.Difference > 0 {
		first, sooner, low, high = a, d.Difference, d.Low, d.High
	}
	open := fmt.Sprintf("the chances are uncertain, and with what they may be %s first is better by a tenth in %.0f %% of plays, %s first in %.0f %%", a, 100*r.SoonerA, b, 100*r.SoonerB)
	if low <= 0 {
		return fmt.Sprintf("%s; asked first, %s and %s end them equally soon, as far as it shows (%.1f s apart in the mean [%.1f, %.1f]); %s", played, a, b, sooner, low, high, open)
	}
	return fmt.Sprintf("%s; with %s asked first they end %.1f s sooner in the mean [%.1f, %.1f]; %s", played, first, sooner, low, high, open)
}
