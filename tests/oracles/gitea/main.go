// A Gitea for the bot's tests: `make forge` builds it, and holds the bot against it.
package main

import (
	"fmt"
	"os"

	"code.gitea.io/gitea/cmd"
)

func main() {
	app := cmd.NewMainApp(cmd.AppVersion{Version: "1.26.0"})
	if err := cmd.RunMainApp(app, os.Args...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
