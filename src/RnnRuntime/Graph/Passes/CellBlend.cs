using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>First * (1 - Gate) + Second * Gate, however it is written: as (1 - z) * n + z * h, n - z * n + z * h or (h - n) * z + n.</summary>
internal sealed record CellBlend(Value First, Value Gate, Value Second, ImmutableArray<Node> Nodes)
{
    private const int MaximumDepth = 6;
    private const int MaximumTerms = 4;

    /// <summary>The nodes are those inside the expression, without the one that gives the result.</summary>
    public static CellBlend? Of(GraphIndex index, BinaryNode result)
    {
        var sum = Expand(index, result.Output, 0);
        var terms = sum.Terms.Where(term => term.Value != 0).ToArray();
        var matches =
            from first in terms
            where first is { Key: { Left: not null, Right: null }, Value: 1 }
            from taken in terms
            where taken.Value == -1 && taken.Key.Other(first.Key.Left!) is not null
            let gate = taken.Key.Other(first.Key.Left!)
            from added in terms
            where added.Value == 1 && added.Key.Other(gate) is not null
            select new CellBlend(first.Key.Left!, gate, added.Key.Other(gate)!, [.. sum.Nodes.Where(node => node != result)]);
        return terms.Length == 3 ? matches.FirstOrDefault() : null;
    }

    /// <summary>The value as a sum of products of at most two values. Only what nothing else reads is taken apart.</summary>
    private static Polynomial Expand(GraphIndex index, Value value, int depth)
    {
        if (index.ConstantOf(value) is { } constant && MemoryMarshal.Cast<byte, float>(constant.Data.Span) is var numbers && !numbers.ContainsAnyExcept(numbers[0]))
        {
            return new Polynomial(new Dictionary<Monomial, double> { [default] = numbers[0] }, []);
        }

        var expanded = depth < MaximumDepth && (depth == 0 || index.HasOneReader(value)) ? index.Producer(value) switch
        {
            BinaryNode { Function: BinaryOperator.Add } sum => Of(sum.Left).Plus(Of(sum.Right), 1),
            BinaryNode { Function: BinaryOperator.Subtract } difference => Of(difference.Left).Plus(Of(difference.Right), -1),
            BinaryNode { Function: BinaryOperator.Multiply } product => Of(product.Left).Times(Of(product.Right)),
            UnaryNode { Function: UnaryOperator.Negate } negative => Of(negative.Input).Times(Polynomial.Number(-1)),
            UnaryNode { Function: UnaryOperator.Affine } affine => Of(affine.Input).Times(Polynomial.Number(affine.Alpha))?.Plus(Polynomial.Number(affine.Beta), 1),
            _ => null,
        } : null;
        return expanded is null
            ? new Polynomial(new Dictionary<Monomial, double> { [new Monomial(value, null)] = 1 }, [])
            : expanded with { Nodes = expanded.Nodes.Add(index.Producer(value)!) };

        Polynomial Of(Value operand) => Expand(index, operand, depth + 1);
    }

    /// <summary>A product of no, one or two values, in the order of their names.</summary>
    private readonly record struct Monomial(Value? Left, Value? Right)
    {
        /// <summary>The other factor of a product that has this one; null where there are no such two.</summary>
        public Value? Other(Value factor) => Right is null ? null : Left == factor ? Right : Right == factor ? Left : null;

        public static Monomial? Product(Monomial first, Monomial second) => (first, second) switch
        {
            ({ Left: null }, _) => second,
            (_, { Left: null }) => first,
            ({ Right: null }, { Right: null }) => string.CompareOrdinal(first.Left.Name, second.Left.Name) <= 0
                ? new Monomial(first.Left, second.Left)
                : new Monomial(second.Left, first.Left),
            _ => null,
        };
    }

    private sealed record Polynomial(Dictionary<Monomial, double> Terms, ImmutableArray<Node> Nodes)
    {
        public static Polynomial Number(double number) => new(new Dictionary<Monomial, double> { [default] = number }, []);

        /// <summary>The sum with a multiple of the other; null where it has too many terms.</summary>
        public Polynomial? Plus(Polynomial other, double factor)
        {
            var terms = new Dictionary<Monomial, double>(Terms);
            foreach (var (product, number) in other.Terms)
            {
                terms[product] = terms.GetValueOrDefault(product) + (factor * number);
            }

            return terms.Count > MaximumTerms ? null : new Polynomial(terms, Nodes.AddRange(other.Nodes));
        }

        /// <summary>The product; null where it has a term of more than two values, or too many terms.</summary>
        public Polynomial? Times(Polynomial other)
        {
            var terms = new Dictionary<Monomial, double>();
            foreach (var (first, number) in Terms)
            {
                foreach (var (second, factor) in other.Terms)
                {
                    if (Monomial.Product(first, second) is not { } product)
                    {
                        return null;
                    }

                    terms[product] = terms.GetValueOrDefault(product) + (number * factor);
                }
            }

            return terms.Count > MaximumTerms ? null : new Polynomial(terms, Nodes.AddRange(other.Nodes));
        }
    }
}
