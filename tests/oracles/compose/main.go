// Command composeoracle prints what compose-go makes of a project: of each service its image and its build.
//
//	go mod init composeoracle && go get github.com/compose-spec/compose-go/v2@v2.16.2 && go mod tidy && go build
//	composeoracle FOLDER...
//
// Each FOLDER is read as `docker compose` reads it (its default files, or those that a file `FILES` in it lists), all
// profiles on, no variable of the shell. One line of JSON a folder: {"folder", "services": {name: {"image", "build"}}},
// or {"folder", "error"}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/sirupsen/logrus"
)

type build struct {
	Context    string            `json:"context,omitempty"`
	Dockerfile string            `json:"dockerfile,omitempty"`
	Inline     string            `json:"inline,omitempty"`
	Args       map[string]string `json:"args,omitempty"`
}

type service struct {
	Image string `json:"image,omitempty"`
	Build *build `json:"build,omitempty"`
}

type answer struct {
	Folder   string             `json:"folder"`
	Services map[string]service `json:"services,omitempty"`
	Error    string             `json:"error,omitempty"`
}

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, folder := range os.Args[1:] {
		if err := out.Encode(load(folder)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func load(folder string) answer {
	result := answer{Folder: filepath.Base(folder)}
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	var files []string
	if listed, err := os.ReadFile(filepath.Join(folder, "FILES")); err == nil {
		for _, name := range strings.Fields(string(listed)) {
			files = append(files, filepath.Join(folder, name))
		}
	}
	options, err := cli.NewProjectOptions(files,
		cli.WithWorkingDirectory(folder),
		cli.WithName("oracle"),
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithDefaultConfigPath,
		cli.WithInterpolation(true),
		cli.WithProfiles([]string{"*"}),
		cli.WithoutEnvironmentResolution,
	)
	if err != nil {
		result.Error = err.Error()
		return result
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		result.Error = strings.ReplaceAll(err.Error(), folder+"/", "")
		return result
	}
	result.Services = map[string]service{}
	for name, one := range project.Services {
		made := service{Image: one.Image}
		if one.Build != nil {
			made.Build = &build{Dockerfile: one.Build.Dockerfile, Inline: one.Build.DockerfileInline}
			if inner, err := filepath.Rel(folder, one.Build.Context); err == nil {
				made.Build.Context = filepath.ToSlash(inner)
			}
			for key, value := range one.Build.Args {
				if made.Build.Args == nil {
					made.Build.Args = map[string]string{}
				}
				if value != nil {
					made.Build.Args[key] = *value
				}
			}
		}
		result.Services[name] = made
	}
	return result
}
