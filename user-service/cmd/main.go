// Command user-service runs the service; `migrate` and `health` are for operators.
package main

import (
	"marketplace/shared/lifecycle"
	"marketplace/user-service/internal/app"
)

func main() { lifecycle.Main(app.Command) }
