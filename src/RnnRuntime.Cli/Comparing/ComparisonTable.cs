namespace RnnRuntime.Cli.Comparing;

/// <summary>Rows and columns for the terminal and for a page alike.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">Headings with units; one that starts with <c>&gt;</c> is aligned to the right.</param>
/// <param name="Rows">The cells.</param>
internal sealed record ComparisonTable(string Title, string[] Columns, IReadOnlyList<string[]> Rows);
