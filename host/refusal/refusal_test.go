package refusal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var sample = refusal.Refusal{
	Rule: "rate.window", Limit: "10 in 1m0s", Value: "10 in 1m0s", Hint: "wait", RetryAfter: 1500 * time.Millisecond,
}

func TestRefusalTellsEverythingInOneLine(t *testing.T) {
	want := "refused by rate.window: limit 10 in 1m0s, value 10 in 1m0s; wait; retry after 2s"
	if got := sample.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefusalGoesThroughJSONWithTheWaitRoundedUp(t *testing.T) {
	data, err := json.Marshal(sample)
	if err != nil {
		t.Fatal(err)
	}
	var got refusal.Refusal
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := sample
	want.RetryAfter = 2 * time.Second
	if got != want {
		t.Errorf("%s: got %+v, want %+v", data, got, want)
	}
}

func TestRefusalWithAnImpossibleWaitIsNotRead(t *testing.T) {
	for _, text := range []string{`{"retry_after_seconds":-1}`, `{"retry_after_seconds":9223372037}`, `[]`} {
		var r refusal.Refusal
		if err := json.Unmarshal([]byte(text), &r); err == nil {
			t.Errorf("%s: got %+v, want an error", text, r)
		}
	}
}

func TestListIsFoundBehindAWrappedError(t *testing.T) {
	err := fmt.Errorf("submit: %w", refusal.List{sample, {Rule: "health.score"}}.Err())
	var list refusal.List
	var first refusal.Refusal
	if !errors.As(err, &list) || len(list) != 2 || !errors.As(err, &first) || first != sample {
		t.Errorf("got list %v and first %v, want both refusals", list, first)
	}
	if (refusal.List{}).Err() != nil {
		t.Error("an empty list is an error, want nil")
	}
}

func TestListWaitsForTheSlowestAndForNothingThatNeedsAPerson(t *testing.T) {
	slow := refusal.Refusal{RetryAfter: time.Minute}
	for _, c := range []struct {
		list refusal.List
		want time.Duration
	}{
		{refusal.List{sample, slow}, time.Minute},
		{refusal.List{sample, {Rule: "screen.critical"}}, 0},
		{nil, 0},
	} {
		if got := c.list.RetryAfter(); got != c.want {
			t.Errorf("%v: got %v, want %v", c.list, got, c.want)
		}
	}
}
