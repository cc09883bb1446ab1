using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Lab;

/// <summary>Makes the README's tables of measurements from the result files.</summary>
internal static class ReadmeCommand
{
    internal const string Usage = """
        readme [--check]
            Makes the tables of README.md that stand between '<!-- results FOLDER: KIND -->' and '<!-- end -->' anew from bench/results/FOLDER. Kinds: lstm-step, peers, models [NAME; ...], latency.
            --check changes nothing and fails where a table is not what the files give.
        """;

    /// <summary>0, or 1 where a check found a difference.</summary>
    internal static int Run(string[] arguments)
    {
        if (arguments is not ([] or ["--check"]))
        {
            throw new UsageException($"readme takes --check or nothing; found '{string.Join(' ', arguments)}'.");
        }

        bool check = arguments.Length > 0;
        string path = Path.Combine(Machine.CheckoutFolder, "README.md");
        string before = File.ReadAllText(path), after = ReadmeTables.Renew(before, Path.Combine(Machine.CheckoutFolder, "bench", "results"));
        if (check)
        {
            Console.WriteLine(before == after ? "README.md has what the result files give." : "README.md differs from what the result files give: run `readme`.");
            return before == after ? 0 : 1;
        }

        File.WriteAllText(path, after);
        return 0;
    }
}
