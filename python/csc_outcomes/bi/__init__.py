"""What BI tools read: comments on the published tables, the workbook, the contract of columns."""
