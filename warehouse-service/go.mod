module marketplace/warehouse-service

go 1.26.0

replace (
	marketplace/proto => ../proto
	marketplace/shared => ../shared
)

require (
	github.com/stretchr/testify v1.12.1
	marketplace/shared v0.0.0
	pgregory.net/rapid v1.3.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
