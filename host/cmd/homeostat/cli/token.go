package cli

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
)

const tokensPath = "/api/v0/tokens"

func tokenCommand(g *globals) *cobra.Command {
	list := reader[api.List[api.TokenInfo]]{g,
		func([]string) string { return tokensPath },
		func(w io.Writer, l api.List[api.TokenInfo]) {
			rows := make([][]string, 0, l.Count)
			for _, t := range l.Items {
				end := "never"
				if t.Expires != nil {
					end = t.Expires.Local().Format(time.DateTime)
				}
				rows = append(rows, []string{t.ID, t.Name, t.Role, t.Created.Local().Format(time.DateTime), end})
			}
			table(w, []string{"id", "name", "role", "created", "expires"}, rows)
		},
	}.attach(&cobra.Command{Use: "list", Short: "Tokens, without their secrets", Args: cobra.NoArgs})
	cmd := group("token", "Make and revoke tokens for the HTTP interface", list, tokenCreate(g), removal{"revoke ID", "Make a token worthless", tokensPath + "/", "is revoked"}.command(g))
	cmd.Long = `Over TCP every request needs a token: Authorization: Bearer hst_…
Roles: reporter posts alerts and nothing else; viewer reads; agent reads and
proposes; operator orders and answers; admin does everything.

  homeostat token create --name ci --role agent --for 30d`
	return cmd
}

func tokenCreate(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "create", Short: "Make a token; its secret is printed this once", Args: cobra.NoArgs}
	name := cmd.Flags().String("name", "", "whose it is")
	role := cmd.Flags().String("role", "viewer", "reporter, viewer, agent, operator or admin")
	var life howlong.Duration
	cmd.Flags().Var(&life, "for", "how long it is valid, as in 12h or 30d (default: until revoked)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *name == "" {
			return usageError(fmt.Errorf("token create needs --name"))
		}
		limited := cmd.Flags().Changed("for")
		if limited && life <= 0 {
			return usageError(fmt.Errorf("token for %v: want more than 0; without --for it is valid until it is revoked", time.Duration(life)))
		}
		c, err := g.client()
		if err != nil {
			return err
		}
		in := map[string]string{"name": *name, "role": *role}
		if limited {
			in["for"] = time.Duration(life).String()
		}
		var t api.NewToken
		if err := c.Do(cmd.Context(), http.MethodPost, tokensPath, in, &t); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), t.Token)
		return nil
	}
	return cmd
}
