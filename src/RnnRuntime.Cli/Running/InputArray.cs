using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Cli.Running;

/// <summary>An array that the user gives for an input or a state.</summary>
/// <param name="Name">The name of the input or state.</param>
/// <param name="Array">The array.</param>
/// <param name="Source">Where it came from, for errors.</param>
internal sealed record InputArray(string Name, NpyArray Array, string Source)
{
    /// <summary>Reads the files of <c>--input NAME=FILE.npy</c>.</summary>
    public static List<InputArray> Read(IEnumerable<(string Left, string Right)> inputs) =>
        [.. inputs.Select(pair => new InputArray(pair.Left, NpyFile.Read(pair.Right, $"--input {pair.Left}=", pair.Left), pair.Right))];
}
