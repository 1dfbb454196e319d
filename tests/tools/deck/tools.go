//go:build tools

// Package tools names decK, so that its version and the sums of everything it is made of are pinned beside this file.
package tools

import _ "github.com/kong/deck"
