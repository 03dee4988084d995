// Command product-service runs the catalogue; `migrate` and `health` are for operators.
package main

import (
	"marketplace/product-service/internal/app"
	"marketplace/shared/lifecycle"
)

func main() { lifecycle.Main(app.Command) }
