using System.Text;
using Spectre.Console;

namespace RnnRuntime.Cli;

/// <summary>Rows and columns: a drawn table where a person looks, aligned plain text in a pipe.</summary>
/// <param name="title">A line above; empty for none.</param>
/// <param name="columns">Headings; one that starts with <c>&gt;</c> is aligned to the right.</param>
internal sealed class Listing(string title, params string[] columns)
{
    /// <summary>Columns of single words up to this long stay whole in a narrow window; others are folded.</summary>
    private const int ShortWord = 12;

    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write()
    {
        if (Console.IsOutputRedirected)
        {
            Console.Out.Write(ToPlainText());
        }
        else
        {
            if (title.Length > 0)
            {
                Console.Out.WriteLine(title);
            }

            AnsiConsole.Write(ToTable());
        }
    }

    public string ToPlainText()
    {
        var headings = columns.Select(column => column.TrimStart('>')).ToArray();
        var widths = headings.Select((heading, i) => _rows.Select(row => row[i].Length).Append(heading.Length).Max()).ToArray();
        var text = new StringBuilder();
        if (title.Length > 0)
        {
            text.Append(title).Append('\n');
        }

        foreach (var row in _rows.Prepend(headings))
        {
            var line = row.Select((cell, i) => columns[i].StartsWith('>') ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            text.Append(string.Join("  ", line).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private Table ToTable()
    {
        var table = new Table { Border = TableBorder.Rounded };
        for (var i = 0; i < columns.Length; i++)
        {
            var heading = columns[i].TrimStart('>');
            table.AddColumn(new TableColumn(Markup.Escape(heading))
            {
                Alignment = columns[i].StartsWith('>') ? Justify.Right : Justify.Left,
                NoWrap = _rows.Select(row => row[i]).All(cell => cell.Length <= ShortWord && !cell.Contains(' ')),
            });
        }

        foreach (var row in _rows)
        {
            table.AddRow(row.Select(cell => new Spectre.Console.Text(cell)));
        }

        return table;
    }
}
