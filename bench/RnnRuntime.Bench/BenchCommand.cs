namespace RnnRuntime.Bench;

/// <summary>One command of the program.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Summary">A line of the list.</param>
/// <param name="Usage">Its options and what it writes.</param>
/// <param name="Run">Takes what follows the name; the exit code.</param>
internal sealed record BenchCommand(string Name, string Summary, string Usage, Func<string[], int> Run)
{
    internal BenchCommand(string name, string summary, string usage, Action<string[]> run)
        : this(name, summary, usage, arguments =>
        {
            run(arguments);
            return 0;
        })
    {
    }
}
