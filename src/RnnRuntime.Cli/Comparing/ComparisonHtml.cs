using System.Net;
using System.Text;

namespace RnnRuntime.Cli.Comparing;

/// <summary>A comparison as a page that needs no other file. Well-formed XML too; names in it may be any text.</summary>
internal static class ComparisonHtml
{
    private const string Style = """
        body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; max-width: 1100px; margin: 2em auto; padding: 0 1em; }
        h1 { font-size: 1.5em; } h2 { font-size: 1.1em; margin: 2em 0 .5em; }
        pre { background: #f4f6f8; padding: .8em 1em; overflow-x: auto; white-space: pre-wrap; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .92em; }
        th, td { padding: .25em .7em; border-bottom: 1px solid #dde1e6; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
        th { border-bottom: 2px solid #9aa4af; } .r { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        img { max-width: 100%; display: block; margin: .5em 0; }
        """;

    public static void Write(string path, RnnComparison comparison, ComparisonHeading heading)
    {
        using var stream = File.Create(path);
        using var writer = new StreamWriter(stream, new UTF8Encoding(false));
        writer.NewLine = "\n";
        writer.WriteLine("<!DOCTYPE html>");
        writer.WriteLine("<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width\"/>");
        writer.WriteLine($"<title>{Escape(heading.Candidate)} against {Escape(heading.Reference)}</title>");
        writer.WriteLine($"<style>\n{Style}\n</style></head><body>");
        writer.WriteLine("<h1>Where the accuracy goes</h1>");
        writer.WriteLine($"<pre>{Escape(string.Join('\n', ComparisonTables.Summary(comparison, heading)))}</pre>");
        writer.WriteLine($"<pre>{Escape(string.Join('\n', ComparisonTables.Advice(comparison).DefaultIfEmpty("No advice: what the nodes cost was not measured, or none differs.")))}</pre>");
        if (!ComparisonPlots.HasFonts)
        {
            writer.WriteLine($"<p>{ComparisonPlots.NoFonts}</p>");
        }

        foreach (var (title, image) in ComparisonPlots.Images(comparison))
        {
            writer.WriteLine($"<h2>{Escape(title)}</h2>");
            writer.WriteLine($"<img alt=\"{Escape(title)}\" src=\"data:image/png;base64,{Convert.ToBase64String(image)}\"/>");
        }

        foreach (var table in ComparisonTables.All(comparison, int.MaxValue))
        {
            Write(writer, table);
        }

        writer.WriteLine("</body></html>");
    }

    private static void Write(StreamWriter writer, ComparisonTable table)
    {
        writer.WriteLine($"<h2>{Escape(table.Title)}</h2>");
        writer.WriteLine("<div class=\"wide\"><table><thead><tr>");
        foreach (var column in table.Columns)
        {
            writer.Write($"<th{Class(column)}>{Escape(column.TrimStart('>'))}</th>");
        }

        writer.WriteLine("</tr></thead><tbody>");
        foreach (var row in table.Rows)
        {
            writer.Write("<tr>");
            foreach (var (cell, column) in row.Zip(table.Columns))
            {
                writer.Write($"<td{Class(column)}>{Escape(cell)}</td>");
            }

            writer.WriteLine("</tr>");
        }

        writer.WriteLine("</tbody></table></div>");
    }

    private static string Class(string column) => column.StartsWith('>') ? " class=\"r\"" : "";

    /// <summary>Control characters have no place in a page, escaped or not.</summary>
    private static string Escape(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.Select(character => character != '\n' && (char.IsControl(character) || character is '\uFFFE' or '\uFFFF') ? '\uFFFD' : character)));
}
