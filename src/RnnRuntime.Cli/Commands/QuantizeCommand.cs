using System.CommandLine;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class QuantizeCommand
{
    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "The int8 model to write (.rnn).",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string[]> KeepFloat = new("--keep-float")
    {
        Description = "A node that stays float32; can be given several times.",
        HelpName = "NODE",
    };

    public static Command Create()
    {
        var command = new Command(
            "quantize",
            "Makes an int8 model out of a float32 one. A golden input inside the file is kept; its golden output becomes what the int8 model gives.")
        {
            Output, KeepFloat,
        };
        var source = new SourceOptions(command);
        var model = new ModelArgument(command, "MODEL", $"A float32 model: {ModelSource.Formats}.", true, source.OfPairs);
        command.SetAction(arguments => Run(arguments, model.Path(arguments)!, source));
        return command;
    }

    private static int Run(ParseResult arguments, string model, SourceOptions options)
    {
        var path = arguments.GetValue(Output)!;
        var target = new OutputFile("--output ", path);
        using var source = ModelSource.Load(model, options.Read(arguments));
        using var quantized = RnnQuantizer.Quantize(source.Model, arguments.GetValue(KeepFloat));

        // The source may be the target.
        target.Write(quantized.Save);
        Console.Out.WriteLine($"{path}: {Text.Bytes(new FileInfo(path).Length)}, from {Text.Bytes(source.Bytes)}");
        return 0;
    }
}
