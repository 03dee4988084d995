module marketplace/infrastructure

go 1.26.0

replace (
	marketplace/proto => ../proto
	marketplace/shared => ../shared
)
