using System.CommandLine;
using System.Reflection;
using RnnRuntime.Cli.Files;

namespace RnnRuntime.Cli;

/// <summary>A model that was loaded, and where it came from.</summary>
internal sealed record ModelSource(RnnModel Model, string Name, long Bytes) : IDisposable
{
    /// <summary>The language model inside this program.</summary>
    private const string Shipped = "charlm.rnn";

    public static Option<string?> KernelOption() => new("--kernel")
    {
        Description = "Kernel variant; 'rnn kernels' lists them. Without it: RNNRUNTIME_KERNEL, or the best one that runs here.",
        HelpName = "NAME",
    };

    /// <summary>Loads a file, or without a path the model that ships.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kernel">The kernel variant; null for the best.</param>
    /// <param name="argument">What the path is to its user, for errors.</param>
    public static ModelSource Load(string? path, string? kernel = null, string argument = "model ")
    {
        var options = new RnnOptions { Kernel = kernel };
        if (path is null)
        {
            var data = ReadShipped();
            return new ModelSource(RnnModel.Load(data, options), Shipped, data.Length);
        }

        var file = new InputFile(argument, path);
        file.Check("a model file");
        try
        {
            return new ModelSource(RnnModel.Load(path, options), path, new FileInfo(path).Length);
        }
        catch (Exception exception) when (exception is RnnFormatException or IOException or UnauthorizedAccessException)
        {
            throw file.Error(exception.Message);
        }
    }

    public void Dispose() => Model.Dispose();

    private static byte[] ReadShipped()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Shipped)
            ?? throw new CliException("this build of rnn holds no model; name a model file");
        var data = new byte[stream.Length];
        stream.ReadExactly(data);
        return data;
    }
}
