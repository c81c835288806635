// Package page holds the call page and the client library jinglebridge.js as files to be
// served as they are: plain ES modules, no build step, no request to anybody else. It knows
// nothing of how they are served.
package page

import "embed"

// Files are the page's files, index.html first among them, without a folder.
//
//go:embed *.html *.js *.d.ts *.css *.svg
var Files embed.FS
