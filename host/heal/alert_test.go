package heal

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// alert tells what monitoring outside says of the web.
func (w *world) alert(ended bool) {
	w.t.Helper()
	a := sdk.Anomaly{
		Component: "web", Key: "alert/2e1a", Kind: sdk.AnomalyAlert, Signal: sdk.SignalDown, Severity: sdk.SeverityMedium,
		Score: 1, Start: time.Now(), End: time.Now(), TTL: 5 * time.Hour, Ended: ended, Summary: "alert WebDown",
	}
	if err := w.heal.Push("alertmanager", "web", []sdk.Anomaly{a}); err != nil {
		w.t.Fatal(err)
	}
}

func TestAnAlertThatIsTakenBackLateDoesNotSpeakAgainstTheRemedy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, strategy := newWorld(t, "web"), &restarter{}
		w.boot(automated("web"), strategy)
		defer w.halt()
		w.alert(false)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web")
		inc := w.wantState(record.StateWaiting)
		if got := inc.Recoveries[0].Result; got != sdk.ResultHealed {
			t.Errorf("the recovery is %s while the alert has not been taken back, want healed", got)
		}
		time.Sleep(4 * time.Minute)
		w.alert(true)
		synctest.Wait()
		w.wantState(record.StateResolved)
		w.wantOrders("restart web")
	})
}

func TestAnAlertThatIsSentAgainAfterTheRemedySpeaksAgainstIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.alert(false)
		time.Sleep(time.Minute)
		w.alert(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if inc := w.only(); inc.Recoveries[0].Result != sdk.ResultFailed {
			t.Errorf("the recovery is %s, want failed: the alert was sent again", inc.Recoveries[0].Result)
		}
	})
}

func TestAnAlertThatNobodyTakesBackIsLookedAtAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.alert(false)
		time.Sleep(14 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web", "restart web")
	})
}
