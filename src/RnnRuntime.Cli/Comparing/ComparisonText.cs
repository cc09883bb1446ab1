namespace RnnRuntime.Cli.Comparing;

/// <summary>A comparison on standard output.</summary>
internal static class ComparisonText
{
    /// <param name="comparison">The comparison.</param>
    /// <param name="heading">What was compared.</param>
    /// <param name="top">Rows that a table may have that has one for each node, gate or value.</param>
    public static void Print(RnnComparison comparison, ComparisonHeading heading, int top = ComparisonTables.Top)
    {
        WriteLines(ComparisonTables.Summary(comparison, heading));
        foreach (var table in ComparisonTables.All(comparison, top))
        {
            Console.Out.WriteLine();
            var listing = new Listing(table.Title, table.Columns);
            foreach (var row in table.Rows)
            {
                listing.Add(row);
            }

            listing.Write();
        }

        Console.Out.WriteLine();
        WriteLines(ComparisonTables.Advice(comparison));
    }

    private static void WriteLines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Console.Out.WriteLine(line);
        }
    }
}
