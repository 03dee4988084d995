// Command product-service runs the catalogue; `migrate` and `health` are for operators.
package main

import (
	"marketplace/shared/lifecycle"

	"marketplace/product-service/internal/app"
)

func main() { lifecycle.Main(app.Command) }
